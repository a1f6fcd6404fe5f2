/// What went wrong with a grammar or a schema.
public enum GrammarError: Error, Sendable, Hashable {
    /// The text is no grammar: what is wrong, and where (line, column).
    case syntax(String, line: Int, column: Int)
}
