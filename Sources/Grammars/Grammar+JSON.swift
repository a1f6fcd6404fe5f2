extension Grammar {
    /// Any JSON object.
    public static let jsonObject = made([Rule(name: "object", expression: .text("{}"))])
    /// Any JSON value.
    public static let jsonValue = made([Rule(name: "value", expression: .text("null"))])

    /// A grammar of the library's own rules, the first of them the root.
    static func made(_ rules: [Rule]) -> Grammar {
        do {
            return try Grammar(rules: rules, root: 0)
        } catch {
            preconditionFailure("a grammar of the library's own: \(error)")
        }
    }
}
