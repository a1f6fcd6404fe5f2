/// The rules of a grammar with the automaton made of them.
final class GrammarDefinition: Sendable {
    let rules: [Rule]
    let root: Int
    let automaton: Automaton
    let hash: Int

    init(rules: [Rule], root: Int) throws(GrammarError) {
        self.rules = rules
        self.root = root
        automaton = try Automaton(rules: rules, root: root)
        var hasher = Hasher()
        hasher.combine(rules)
        hasher.combine(root)
        hash = hasher.finalize()
    }
}
