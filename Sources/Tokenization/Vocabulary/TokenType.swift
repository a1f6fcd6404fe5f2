/// What a token is for, with the numbers GGUF and SentencePiece give to it.
public enum TokenType: UInt8, Sendable {
    /// A piece of ordinary text.
    case normal = 1
    /// Stands for text that no token spells.
    case unknown = 2
    /// Structure (begin, end, roles): no text of its own, matched in input only on request.
    case control = 3
    /// Text added by hand, always matched as a whole.
    case userDefined = 4
    /// A filler nobody emits.
    case unused = 5
    /// One byte of text that no other token spells.
    case byte = 6
}
