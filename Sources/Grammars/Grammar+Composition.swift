/// Larger grammars from smaller ones, such as a tool's call around its arguments.
extension Grammar {
    /// Exactly `text`.
    /// - Throws: ``GrammarError`` when it is too long.
    public static func text(_ text: String) throws(GrammarError) -> Grammar {
        try Grammar(rules: [Rule(name: "text", expression: .text(text))], root: 0)
    }

    /// Any text, also none.
    public static let anyText = made([
        Rule(name: "text", expression: .repeated(.characters(.all), least: 0, most: nil))
    ])

    /// One after the other; with no parts the empty text.
    /// - Throws: ``GrammarError`` when the whole is too large.
    public static func sequence(_ parts: [Grammar]) throws(GrammarError) -> Grammar {
        try joined(parts) { .sequence($0) }
    }

    /// One of several.
    /// - Throws: ``GrammarError`` when there is none or the whole is too large.
    public static func choice(_ parts: [Grammar]) throws(GrammarError) -> Grammar {
        guard !parts.isEmpty else { throw .unsatisfiable(path: "#") }
        return try joined(parts) { .choice($0) }
    }

    /// `part` several times, one after the other, with nothing in between.
    /// - Parameters:
    ///   - part: What comes several times.
    ///   - least: How often at least.
    ///   - most: How often at most; nil is without a limit.
    /// - Throws: ``GrammarError`` when the whole is too large.
    public static func repeated(_ part: Grammar, least: Int = 0, most: Int? = nil) throws(GrammarError) -> Grammar {
        guard least >= 0, most.map({ $0 >= least }) ?? true else { throw .unsatisfiable(path: "#") }
        return try joined([part]) { .repeated($0[0], least: least, most: most) }
    }

    /// This or nothing.
    public var optional: Grammar {
        get throws(GrammarError) { try Self.repeated(self, least: 0, most: 1) }
    }

    private static func joined(
        _ parts: [Grammar], _ join: ([Expression]) -> Expression
    ) throws(GrammarError) -> Grammar {
        var rules = [Rule(name: "root", expression: .empty)]
        var roots: [Expression] = []
        for part in parts {
            let offset = rules.count
            roots.append(.rule(part.definition.root + offset))
            rules += part.definition.rules.map { rule in
                var moved = rule
                moved.expression = rule.expression.offset(by: offset)
                return moved
            }
        }
        rules[0].expression = join(roots)
        return try Grammar(rules: rules, root: 0)
    }
}
