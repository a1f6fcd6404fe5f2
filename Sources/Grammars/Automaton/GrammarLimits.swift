/// How large a grammar may be. Everything below is reached in well under a second and some ten megabytes.
package enum GrammarLimits {
    /// Bytes of a GBNF text or of a regular expression.
    static let sourceBytes = 1 << 20
    /// Groups within groups.
    static let nesting = 64
    /// Bytes of a place within a schema (`#/properties/a`): there is one for every part of it.
    static let pathBytes = 4096
    /// Rules, those included that are made along the way.
    static let rules = 50_000
    /// Times that one thing may be asked for.
    static let repetition = 10_000
    /// States of the automaton.
    static let states = 400_000
    /// Edges of the automaton.
    static let edges = 1_000_000
    /// Ways in which a text may be read at once.
    static let readings = 4096
    /// Steps of single readings that one mask may take.
    static let work = 500_000
    /// Readings that one cache keeps before it is given up for a fresh one.
    package static let cachedReadings = 300_000
}
