/// Turns token numbers into text while they arrive, never giving out half a character.
///
/// The texts returned by ``append(_:)`` and ``finish()``, put together, are what ``Tokenizer/decode(_:skipSpecialTokens:)``
/// returns for all tokens at once.
public struct StreamingDecoder: Sendable {
    private let tokenizer: Tokenizer
    private let skipSpecialTokens: Bool
    private var pending = UTF8Replacement()
    private var dropsSpace: Bool

    /// A decoder at the start of a text, or in the middle of one.
    /// - Parameters:
    ///   - skipSpecialTokens: Leave out control tokens instead of writing their names.
    ///   - continuing: The tokens continue a text that is already there (a model's answer continues its prompt), so that
    ///     the space SentencePiece puts before the first word belongs to the text and stays.
    public init(_ tokenizer: Tokenizer, skipSpecialTokens: Bool = false, continuing: Bool = false) {
        self.tokenizer = tokenizer
        self.skipSpecialTokens = skipSpecialTokens
        dropsSpace = tokenizer.dropsLeadingSpace && !continuing
    }

    /// Adds a token; returns the text that is settled by it, which may be empty.
    public mutating func append(_ id: TokenID) -> String {
        var output: [UInt8] = []
        append(id, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// Ends the text; returns U+FFFD when it ends within a character, else nothing.
    public mutating func finish() -> String {
        var output: [UInt8] = []
        finish(to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    mutating func append(_ id: TokenID, to output: inout [UInt8]) {
        guard let range = tokenizer.byteRange(of: id) else { return }
        let isSpecial = tokenizer.isSpecial(id)
        if isSpecial && skipSpecialTokens { return }
        var bytes = tokenizer.decodedBlob[range]
        if dropsSpace && !isSpecial {
            dropsSpace = false
            if bytes.first == 0x20 { bytes = bytes.dropFirst() }
        }
        pending.append(bytes, to: &output)
    }

    mutating func finish(to output: inout [UInt8]) {
        pending.finish(to: &output)
    }
}
