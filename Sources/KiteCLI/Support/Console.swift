/// What the program says: the answer on standard output, everything else on standard error.
enum Console {
    /// A text style; nothing where there is no terminal or `NO_COLOR` is set.
    enum Style: String {
        case plain = ""
        case bold = "\u{1B}[1m"
        case dim = "\u{1B}[2m"
        case red = "\u{1B}[31m"
        case green = "\u{1B}[32m"
        case yellow = "\u{1B}[33m"

        /// `text` in this style, as far as `descriptor` shows styles.
        func applied(to text: String, on descriptor: Int32) -> String {
            self != .plain && Console.showsStyles(descriptor) ? rawValue + text + "\u{1B}[0m" : text
        }
    }

    /// Whether `descriptor` is a terminal that shows colours and the user wants them.
    static func showsStyles(_ descriptor: Int32) -> Bool {
        SystemIO.isTerminal(descriptor) && SystemIO.environment("NO_COLOR") == nil
            && SystemIO.environment("TERM") != "dumb"
    }

    /// Writes text of the answer.
    static func write(_ text: String) { SystemIO.write(text.utf8, to: 1) }

    /// Writes a line of the answer.
    static func writeLine(_ text: String) { write(text + "\n") }

    /// Writes a remark on standard error.
    static func note(_ text: String, style: Style = .dim) {
        SystemIO.write((style.applied(to: oneLine(text), on: 2) + "\n").utf8, to: 2)
    }

    /// Writes several lines on standard error as they are.
    static func noteLines(_ text: String) { SystemIO.write((text + "\n").utf8, to: 2) }

    /// Writes a warning on standard error.
    static func warning(_ text: String) {
        let label = Style.yellow.applied(to: "kite: warning:", on: 2)
        SystemIO.write("\(label) \(oneLine(text))\n".utf8, to: 2)
    }

    /// Writes an error on standard error.
    static func error(_ text: String) {
        let label = Style.red.applied(to: "kite: error:", on: 2)
        SystemIO.write("\(label) \(oneLine(text))\n".utf8, to: 2)
    }

    /// `text` without line breaks and other control characters: a hostile file name must not drive the terminal.
    static func oneLine(_ text: String) -> String {
        var line = ""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x0A, 0x0D, 0x09: line.unicodeScalars.append(" ")
            case 0..<0x20, 0x7F..<0xA0: line.unicodeScalars.append("\u{FFFD}")
            default: line.unicodeScalars.append(scalar)
            }
        }
        return line
    }
}
