/// How a message of several lines is typed: a backslash at the end of a line, or `"""` around the whole.
enum MessageSyntax {
    private static let quotes = "\"\"\""

    /// Whether Enter goes to the next line instead of sending.
    static func isContinued(_ text: String) -> Bool {
        let start = text.drop(while: \.isWhitespace)
        if start.hasPrefix(quotes) {
            let inside = trimmedEnd(start.dropFirst(3))
            return !inside.hasSuffix(quotes)
        }
        return text.hasSuffix("\\") && !text.hasSuffix("\\\\")
    }

    /// The message that was typed: without the `"""` around it, and without blanks around the whole.
    static func message(_ text: String) -> String {
        let trimmed = trimmedEnd(text.drop(while: \.isWhitespace))
        guard trimmed.hasPrefix(quotes) else { return String(trimmed) }
        var inside = trimmed.dropFirst(3)
        if inside.hasSuffix(quotes) { inside = inside.dropLast(3) }
        if inside.first == "\n" { inside = inside.dropFirst() }
        if inside.last == "\n" { inside = inside.dropLast() }
        return String(inside)
    }

    private static func trimmedEnd(_ text: Substring) -> Substring {
        var text = text
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
