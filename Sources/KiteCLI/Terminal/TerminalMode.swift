#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The terminal as it was found. Written once before raw mode begins, read by signal handlers: hence no lock.
nonisolated(unsafe) private let foundMode = UnsafeMutablePointer<termios>.allocate(capacity: 1)
/// Whether the terminal is not as it was found.
nonisolated(unsafe) private var isChanged = false
/// What crash signals did before.
nonisolated(unsafe) private let previousActions = UnsafeMutablePointer<sigaction>.allocate(capacity: 32)

private let bracketedPasteOn: StaticString = "\u{1B}[?2004h"
private let bracketedPasteOff: StaticString = "\u{1B}[?2004l"

/// Puts the terminal back and lets the crash go its way. Only async-signal-safe calls.
private func restoreAndCrash(_ number: Int32) {
    TerminalMode.restore()
    sigaction(number, previousActions + Int(number), nil)
    // Blocked until this returns; it then finds the program where the fault, if it was one, left it.
    raise(number)
}

/// How the terminal on standard input treats keys.
enum TerminalMode {
    private static let crashSignals = [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGQUIT]

    /// Every key is read as it is typed, nothing is echoed. False when this is no terminal.
    static func enterRaw() -> Bool {
        guard remember() else { return false }
        var mode = foundMode.pointee
        cfmakeraw(&mode)
        // Output goes on as usual: other threads may write whole lines.
        mode.c_oflag |= tcflag_t(OPOST)
        guard tcsetattr(0, TCSADRAIN, &mode) == 0 else { return false }
        isChanged = true
        SystemIO.write(bracketedPasteOn.withUTF8Buffer { Array($0) }, to: 1)
        return true
    }

    /// Lines are read as usual but not shown: for the time an answer is being written. Ctrl-C is a signal.
    static func enterQuiet() {
        guard remember() else { return }
        var mode = foundMode.pointee
        mode.c_lflag &= ~tcflag_t(ECHO | ICANON)
        if tcsetattr(0, TCSADRAIN, &mode) == 0 { isChanged = true }
    }

    /// Puts the terminal back as it was found. Safe in signal handlers, and when there is nothing to put back.
    static func restore() {
        guard isChanged else { return }
        isChanged = false
        _ = write(1, bracketedPasteOff.utf8Start, bracketedPasteOff.utf8CodeUnitCount)
        tcsetattr(0, TCSADRAIN, foundMode)
    }

    /// Stops the program as Ctrl-Z does, and goes on in raw mode when it is continued.
    static func suspend() {
        restore()
        // To the process, for this thread may hold the signal back; the stop comes while this one sleeps.
        kill(getpid(), SIGTSTP)
        usleep(50_000)
        _ = enterRaw()
    }

    /// Size of the terminal; 80 × 24 where nobody knows.
    static var size: (columns: Int, rows: Int) {
        var size = winsize()
        for descriptor: Int32 in [1, 2, 0]
        where ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 && size.ws_row > 0 {
            return (Int(size.ws_col), Int(size.ws_row))
        }
        return (80, 24)
    }

    /// Remembers how the terminal was found, once.
    private static func remember() -> Bool {
        if isRemembered { return true }
        var mode = termios()
        guard tcgetattr(0, &mode) == 0 else { return false }
        foundMode.initialize(to: mode)
        previousActions.initialize(repeating: sigaction(), count: 32)
        for number in crashSignals {
            var action = sigaction()
            setHandler(&action, restoreAndCrash)
            sigaction(number, &action, previousActions + Int(number))
        }
        isRemembered = true
        return true
    }

    nonisolated(unsafe) private static var isRemembered = false
}
