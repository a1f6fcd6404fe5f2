/// A failure as the command line reports it: one line that says what is wrong, where, and what to do next.
struct CLIError: Error, CustomStringConvertible {
    /// The line, without `kite: error:`.
    let description: String
    /// What the program exits with.
    let status: ExitStatus

    /// Something that did not work: a file that cannot be read, a model that cannot be used.
    static func failure(_ message: String) -> CLIError { CLIError(description: message, status: .failure) }

    /// A command line that makes no sense.
    static func usage(_ message: String) -> CLIError { CLIError(description: message, status: .usage) }

    /// Ctrl-C; there is nothing to say about it.
    static let interrupted = CLIError(description: "", status: .interrupted)
}
