/// Text of a model on a terminal.
enum TerminalText {
    /// `text` without control characters: what a model writes must not move the cursor or rename the window.
    static func harmless(_ text: String) -> String {
        let isHarmless = text.unicodeScalars.allSatisfy {
            $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value) || $0 == "\n" || $0 == "\t"
        }
        if isHarmless { return text }
        return String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    let isControl = scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
                    return isControl && scalar != "\n" && scalar != "\t" ? "\u{FFFD}" : scalar
                }))
    }
}
