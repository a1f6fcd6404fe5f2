/// What the answer written so far ends with.
final class LastByte: @unchecked Sendable {
    // Written by the one task that reads the answer, read after that task has ended.
    private var last: UInt8?

    /// Takes note of a piece of text.
    func note(_ text: String) { last = text.utf8.last ?? last }

    /// Whether nothing was written yet.
    var isAtStart: Bool { last == nil }

    /// Whether the last byte was a line break.
    var isLineBreak: Bool { last == 0x0A }
}
