/// What schemas may still take to be turned into grammars. Several schemas, such as those of a request's tools, share one
/// budget, so that the limits hold for all of them together.
package struct SchemaBudget: Sendable {
    /// Schemas that may be put together: references to references multiply.
    static let mostCombinations = 200_000
    /// Pairs of alternatives that `oneOf` may have told apart.
    static let mostComparisons = 4_000_000
    /// What a schema lists and has to say costs as much as another schema.
    private static let listed = 16

    private var combinations = Self.mostCombinations
    private var comparisons = Self.mostComparisons
    private var rules = GrammarLimits.rules
    private var parts = GrammarLimits.edges
    private var states = GrammarLimits.states

    /// All of it.
    package init() {}

    /// Takes what one schema costs that is put together with others.
    /// - Parameter size: What it and they list: names, values, bytes of patterns.
    mutating func combine(size: Int = 0) throws(GrammarError) {
        combinations -= 1 + size / Self.listed
        guard combinations > 0 else { throw .tooLarge("combined schemas", limit: Self.mostCombinations) }
    }

    /// Takes a comparison of two alternatives that have so much to say.
    mutating func compare(size: Int) throws(GrammarError) {
        comparisons -= 1 + size / 4
        guard comparisons > 0 else { throw .tooLarge("compared alternatives", limit: Self.mostComparisons) }
    }

    /// Takes a rule.
    mutating func addRule() throws(GrammarError) {
        guard rules > 0 else { throw .tooLarge("rules", limit: GrammarLimits.rules) }
        rules -= 1
    }

    /// Takes what a rule says.
    mutating func add(_ expression: Expression) throws(GrammarError) {
        parts -= expression.partCount
        guard parts >= 0 else { throw .tooLarge("parts", limit: GrammarLimits.edges) }
    }

    /// Takes the states of an automaton that was made.
    mutating func add(_ automaton: Automaton) throws(GrammarError) {
        states -= automaton.stateCount
        guard states >= 0 else { throw .tooLarge("states", limit: GrammarLimits.states) }
    }
}

extension Expression {
    /// How many expressions it is made of.
    fileprivate var partCount: Int {
        switch self {
        case .text, .characters, .rule: 1
        case .sequence(let parts), .choice(let parts): parts.reduce(1) { $0 + $1.partCount }
        case .repeated(let part, _, _): 1 + part.partCount
        }
    }
}
