/// A line on standard error that says what is being done. Shown only on a terminal.
final class StatusLine {
    private let isShown = SystemIO.isTerminal(2) && SystemIO.environment("TERM") != "dumb"
    private var isOnScreen = false

    /// Shows `text` in place of what was shown before.
    func show(_ text: String) {
        guard isShown else { return }
        isOnScreen = true
        let line = Console.oneLine(text).prefix(max(TerminalMode.size.columns - 1, 20))
        SystemIO.write("\r\u{1B}[K\(line)".utf8, to: 2)
    }

    /// Takes the line away.
    func clear() {
        guard isOnScreen else { return }
        isOnScreen = false
        SystemIO.write("\r\u{1B}[K".utf8, to: 2)
    }
}
