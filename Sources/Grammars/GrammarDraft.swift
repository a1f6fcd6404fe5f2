/// Rules that are put together and not checked yet. A grammar of many parts is so made into an automaton once, in the end,
/// and not with every step.
package struct GrammarDraft: Sendable {
    fileprivate let rules: [Rule]
    fileprivate let root: Int

    private init(_ rules: [Rule], root: Int = 0) {
        self.rules = rules
        self.root = root
    }

    /// The rules of a grammar.
    package init(_ grammar: Grammar) { self.init(grammar.definition.rules, root: grammar.definition.root) }

    /// Exactly `text`.
    package static func text(_ text: String) -> GrammarDraft {
        GrammarDraft([Rule(name: "text", expression: .text(text))])
    }

    /// One after the other; with no parts the empty text.
    /// - Throws: ``GrammarError`` when there are too many rules.
    package static func sequence(_ parts: [GrammarDraft]) throws(GrammarError) -> GrammarDraft {
        try joined(parts) { .sequence($0) }
    }

    /// One of several.
    /// - Throws: ``GrammarError`` when there is none or there are too many rules.
    package static func choice(_ parts: [GrammarDraft]) throws(GrammarError) -> GrammarDraft {
        guard !parts.isEmpty else { throw .unsatisfiable(path: "#") }
        return try joined(parts) { .choice($0) }
    }

    /// This several times, one after the other, with nothing in between.
    /// - Parameters:
    ///   - least: How often at least.
    ///   - most: How often at most; nil is without a limit.
    /// - Throws: ``GrammarError`` when there are too many rules.
    package func repeated(least: Int = 0, most: Int? = nil) throws(GrammarError) -> GrammarDraft {
        guard least >= 0, most.map({ $0 >= least }) ?? true else { throw .unsatisfiable(path: "#") }
        return try Self.joined([self]) { .repeated($0[0], least: least, most: most) }
    }

    private static func joined(
        _ parts: [GrammarDraft], _ join: ([Expression]) -> Expression
    ) throws(GrammarError) -> GrammarDraft {
        guard parts.reduce(1, { $0 + $1.rules.count }) <= GrammarLimits.rules else {
            throw .tooLarge("rules", limit: GrammarLimits.rules)
        }
        var rules = [Rule(name: "root", expression: .empty)]
        var roots: [Expression] = []
        for part in parts {
            let offset = rules.count
            roots.append(.rule(part.root + offset))
            rules += part.rules.map { rule in
                var moved = rule
                moved.expression = rule.expression.offset(by: offset)
                return moved
            }
        }
        rules[0].expression = join(roots)
        return GrammarDraft(rules)
    }
}

extension Grammar {
    /// The grammar that was put together.
    /// - Throws: ``GrammarError`` when nothing satisfies it or the whole is too large.
    package init(_ draft: GrammarDraft) throws(GrammarError) { try self.init(rules: draft.rules, root: draft.root) }
}
