import ArgumentParser

/// Whether backslash escapes are processed.
struct EscapeArguments: ParsableArguments {
    @Flag(
        name: .shortAndLong,
        help: "Process \\n, \\t, \\\\, \\xHH … also in files and standard input; in -p, -sys and -r they always are.")
    var escape = false

    @Flag(help: "Leave backslashes alone.")
    var noEscape = false

    /// For what is typed on the command line: on, unless told otherwise. People write `\n` there and mean a line break.
    var onCommandLine: Bool { !noEscape }

    /// For files: off, unless told otherwise.
    var inFiles: Bool { escape && !noEscape }

    func validate() throws {
        if escape, noEscape { throw ValidationError("--escape and --no-escape exclude each other") }
    }
}
