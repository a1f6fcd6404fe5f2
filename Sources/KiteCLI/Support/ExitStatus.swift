#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// What the program tells the shell.
enum ExitStatus: Int32 {
    /// All went well.
    case success = 0
    /// It did not work.
    case failure = 1
    /// The command line makes no sense.
    case usage = 2
    /// Ctrl-C.
    case interrupted = 130
    /// Whoever read the output has gone; shells report SIGPIPE so.
    case brokenPipe = 141

    /// Puts the terminal back and ends the program.
    func leave(saying message: String? = nil) -> Never {
        TerminalMode.restore()
        if let message { Console.error(message) }
        // Not `exit`: the compute threads may be in the middle of their work, and nothing needs an orderly end.
        _exit(rawValue)
    }
}
