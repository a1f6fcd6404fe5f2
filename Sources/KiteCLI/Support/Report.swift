import ArgumentParser
import Kite

/// How a failure reaches the user.
enum Report {
    /// Ends the program: help and version on standard output, everything else as one line on standard error.
    static func leave(with error: any Error, command: String?) -> Never {
        let (text, status) = outcome(of: error, command: command)
        if status == .success {
            Console.writeLine(text)
            status.leave()
        }
        status.leave(saying: status == .interrupted ? nil : text)
    }

    /// What to say about an error, and what to exit with.
    static func outcome(of error: any Error, command: String?) -> (text: String, status: ExitStatus) {
        if let error = error as? CLIError {
            let text = error.status == .usage ? error.description + hint(command) : error.description
            return (text, error.status)
        }
        if error is CancellationError { return ("", .interrupted) }
        if isUsage(error) { return (String(describing: error) + hint(command), .usage) }
        switch KiteCommand.exitCode(for: error) {
        case .success: return (KiteCommand.fullMessage(for: error), .success)
        case .validationFailure: return (sentence(KiteCommand.message(for: error)) + hint(command), .usage)
        default: return (String(describing: error), .failure)
        }
    }

    /// Whether the library refuses a value that a flag gave it.
    private static func isUsage(_ error: any Error) -> Bool {
        if case SamplingError.invalidOption = error { return true }
        if case SamplingError.unknownToken = error { return true }
        if case GenerationError.invalidOption = error { return true }
        if let error = error as? GrammarError { return error.isOfGrammar }
        return false
    }

    /// The parser's message as one line.
    private static func sentence(_ message: String) -> String {
        var line = message.split(separator: "\n").joined(separator: " ")
        if line.hasPrefix("Error: ") { line.removeFirst(7) }
        return line
    }

    private static func hint(_ command: String?) -> String {
        let known = KiteCommand.configuration.subcommands.contains { $0.configuration.commandName == command }
        return " (see 'kite \(known ? (command ?? "") + " " : "")--help')"
    }
}
