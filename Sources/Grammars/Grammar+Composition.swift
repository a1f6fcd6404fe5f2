/// Larger grammars from smaller ones, such as a tool's call around its arguments.
extension Grammar {
    /// Exactly `text`.
    /// - Throws: ``GrammarError`` when it is too long.
    public static func text(_ text: String) throws(GrammarError) -> Grammar { try Grammar(GrammarDraft.text(text)) }

    /// Any text, also none.
    public static let anyText = made([
        Rule(name: "text", expression: .repeated(.characters(.all), least: 0, most: nil))
    ])

    /// One after the other; with no parts the empty text.
    /// - Throws: ``GrammarError`` when the whole is too large.
    public static func sequence(_ parts: [Grammar]) throws(GrammarError) -> Grammar {
        try Grammar(GrammarDraft.sequence(parts.map { GrammarDraft($0) }))
    }

    /// One of several.
    /// - Throws: ``GrammarError`` when there is none or the whole is too large.
    public static func choice(_ parts: [Grammar]) throws(GrammarError) -> Grammar {
        try Grammar(GrammarDraft.choice(parts.map { GrammarDraft($0) }))
    }

    /// `part` several times, one after the other, with nothing in between.
    /// - Parameters:
    ///   - part: What comes several times.
    ///   - least: How often at least.
    ///   - most: How often at most; nil is without a limit.
    /// - Throws: ``GrammarError`` when the whole is too large.
    public static func repeated(_ part: Grammar, least: Int = 0, most: Int? = nil) throws(GrammarError) -> Grammar {
        try Grammar(GrammarDraft(part).repeated(least: least, most: most))
    }

    /// This or nothing.
    public var optional: Grammar {
        get throws(GrammarError) { try Self.repeated(self, least: 0, most: 1) }
    }
}
