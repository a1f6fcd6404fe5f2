/// A line on standard error that shows how far long work is, how fast, and when it ends.
///
/// Shown only on a terminal, at most ten times a second.
final class ProgressBar {
    private let title: String
    private let isShown = SystemIO.isTerminal(2) && SystemIO.environment("TERM") != "dumb"
    private let started = SystemIO.seconds
    private var lastShown = -1.0
    private var isOnScreen = false

    init(title: String) { self.title = title }

    /// Shows that `done` of `total` bytes are through, at the mean rate since the beginning unless another is given.
    func update(done: Int, total: Int, rate: Double? = nil, detail: String = "") {
        let now = SystemIO.seconds
        guard isShown, now - lastShown >= 0.1 || done >= total else { return }
        lastShown = now
        isOnScreen = true
        let elapsed = now - started
        let line = Self.line(
            title: title, done: done, total: total, rate: rate ?? (elapsed > 0.3 ? Double(done) / elapsed : 0),
            detail: detail, columns: TerminalMode.size.columns)
        SystemIO.write("\r\u{1B}[K\(line)".utf8, to: 2)
    }

    /// Takes the line away.
    func clear() {
        guard isOnScreen else { return }
        isOnScreen = false
        SystemIO.write("\r\u{1B}[K".utf8, to: 2)
    }

    /// `Converting [#####-----] 50% 1.2 GB of 2.4 GB, 310 MB/s, 0:04 left  blk.3.ffn_up`, cut to the terminal.
    static func line(
        title: String, done: Int, total: Int, rate: Double, detail: String, columns: Int
    ) -> String {
        let share = total > 0 ? min(max(Double(done) / Double(total), 0), 1) : 1
        let width = max(min(columns - 70, 30), 10)
        let filled = Int(share * Double(width))
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled)
        var line = "\(title) [\(bar)] \(Int(share * 100))% \(Format.bytes(done)) of \(Format.bytes(total))"
        if rate > 0 {
            line += ", \(Format.bytes(Int(rate)))/s, \(Format.duration(Double(total - done) / rate)) left"
        }
        if !detail.isEmpty { line += "  " + Console.oneLine(detail) }
        return String(line.prefix(max(columns - 1, 20)))
    }
}
