extension Grammar {
    /// Any JSON value, written as ``init(jsonSchema:)-(JSONValue)`` says.
    public static let jsonValue = made(JSONShapes.valueRules(from: 0))

    /// Any JSON object, written as ``init(jsonSchema:)-(JSONValue)`` says.
    public static let jsonObject = made(
        [Rule(name: "root", expression: .rule(2))] + JSONShapes.valueRules(from: 1))

    /// A grammar of the library's own rules, the first of them the root.
    static func made(_ rules: [Rule]) -> Grammar {
        do {
            return try Grammar(rules: rules, root: 0)
        } catch {
            preconditionFailure("a grammar of the library's own: \(error)")
        }
    }
}
