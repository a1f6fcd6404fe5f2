public import Kite

/// A text cut into the chunks that a perplexity is measured on, by llama.cpp's protocol.
///
/// The whole text is tokenized once. Chunks of ``windowLength`` tokens are read independently of each other; where the
/// vocabulary begins texts with a token of its own (BOS), that takes the place of each chunk's first token. Only tokens
/// with at least half a chunk before them count: of 512 the last 255. With a stride (the sliding variant) chunks overlap, and
/// the last `stride` tokens of each count.
public struct TextChunks: Sendable, Hashable {
    /// What happens to the token that begins texts.
    public enum BOSPolicy: String, Sendable {
        /// The vocabulary adds none.
        case none
        /// It takes the place of each chunk's first token.
        case replacesFirstOfChunk = "replaces first token of each chunk"
        /// It stands before the text, as it does with a stride.
        case beforeText = "before the text"
    }

    /// The tokens of the text.
    public let tokens: [TokenID]
    /// The context asked for.
    public let contextLength: Int
    /// Tokens in a chunk: the context; with a stride half of that more, rounded up to a multiple of 256.
    public let windowLength: Int
    /// Tokens from the beginning of a chunk to that of the next.
    public let step: Int
    /// Number of chunks.
    public let count: Int
    /// Position in a chunk after which the first token counts.
    public let firstScored: Int
    /// What happens to the token that begins texts.
    public let bosPolicy: BOSPolicy
    private let bosToken: TokenID?

    /// Tokens of a chunk that count.
    public var scoredPerChunk: Int { windowLength - 1 - firstScored }
    /// Tokens of a chunk that the model has to read: all but the last, which nothing follows.
    public var readLength: Int { windowLength - 1 }
    /// Whether chunks overlap.
    public var isStrided: Bool { step != windowLength }

    /// - Parameters:
    ///   - tokens: The text's tokens, from ``tokens(of:with:)``.
    ///   - contextLength: Tokens of a chunk.
    ///   - stride: Distance of overlapping chunks; nil for the usual, separate ones.
    ///   - limit: Most chunks; nil for all.
    ///   - bosToken: The token that begins texts, where the vocabulary adds one.
    /// - Throws: ``PerplexityError`` when the text is too short or the lengths make no sense.
    public init(
        _ tokens: [TokenID], contextLength: Int = 512, stride: Int? = nil, limit: Int? = nil, bosToken: TokenID?
    ) throws(PerplexityError) {
        guard (4...1 << 20).contains(contextLength) else { throw .context(contextLength) }
        self.contextLength = contextLength
        if let stride {
            // What llama.cpp makes of its context, which it rounds up, when one chunk is read at a time.
            windowLength = (contextLength + max(stride, 0) / 2 + 255) / 256 * 256
            guard (1..<windowLength).contains(stride) else { throw .stride(stride, window: windowLength) }
            step = stride
            firstScored = windowLength - stride - 1
            bosPolicy = bosToken == nil ? .none : .beforeText
        } else {
            windowLength = contextLength
            step = contextLength
            firstScored = contextLength / 2
            bosPolicy = bosToken == nil ? .none : .replacesFirstOfChunk
        }
        guard tokens.count >= 2 * windowLength else {
            throw .textTooShort(tokens: tokens.count, needed: 2 * windowLength, context: contextLength)
        }
        let most = stride == nil ? tokens.count / windowLength : (tokens.count - windowLength + step - 1) / step
        count = max(min(limit ?? most, most), 1)
        self.tokens = tokens
        self.bosToken = bosToken
    }

    /// The chunks of a file of log-probabilities, which holds their tokens.
    /// - Parameters:
    ///   - file: The file.
    ///   - context: The context asked for, if one was.
    ///   - tokens: The tokens of the text named, if one was.
    ///   - limit: Most chunks; nil for all.
    ///   - bosToken: The token that begins texts, where the vocabulary adds one.
    /// - Throws: ``PerplexityError`` when the file was measured with another text or context.
    public init(
        file: LogProbabilityFile, context: Int? = nil, tokens text: [TokenID]? = nil, limit: Int? = nil,
        bosToken: TokenID?
    ) throws(PerplexityError) {
        if let context, context != file.contextLength {
            throw .baseContext(path: file.path, file.contextLength, wanted: context)
        }
        if let text, !text.starts(with: file.tokens) { throw .baseText(path: file.path) }
        tokens = file.tokens
        contextLength = file.contextLength
        windowLength = file.contextLength
        step = file.contextLength
        firstScored = file.contextLength / 2
        count = max(min(limit ?? file.chunkCount, file.chunkCount), 1)
        bosPolicy = bosToken == nil ? .none : .replacesFirstOfChunk
        self.bosToken = bosToken
    }

    /// Tokens of `text` as the protocol has them: with the token that begins texts, names of special tokens read as plain
    /// text unless `parsesSpecialTokens`, and less a line break at the end.
    public static func tokens(
        of text: [UInt8], with tokenizer: Tokenizer, parsesSpecialTokens: Bool = false
    ) -> [TokenID] {
        let text = text.last == 0x0A ? Array(text.dropLast()) : text
        var tokens = tokenizer.encode(utf8: text, addSpecialTokens: true, parseSpecialTokens: parsesSpecialTokens)
        if tokenizer.addsEOS { tokens.removeLast() }
        return tokens
    }

    /// What the model reads of chunk `index`.
    func read(_ index: Int) -> [TokenID] {
        var chunk = Array(tokens[index * step..<index * step + readLength])
        if bosPolicy == .replacesFirstOfChunk, let bosToken { chunk[0] = bosToken }
        return chunk
    }

    /// The token to be guessed at the `place`-th scored position of chunk `index`.
    func target(_ index: Int, _ place: Int) -> TokenID { tokens[index * step + firstScored + 1 + place] }

    /// - Throws: ``PerplexityError`` when a token is none of `vocabulary`.
    func check(vocabulary: Int) throws(PerplexityError) {
        for token in tokens where token < 0 || Int(token) >= vocabulary {
            throw .tokenOutOfRange(token, vocabulary: vocabulary)
        }
    }
}
