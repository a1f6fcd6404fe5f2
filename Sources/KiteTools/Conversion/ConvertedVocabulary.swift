import ModelFiles

/// A vocabulary in the form GGUF files keep it.
struct ConvertedVocabulary {
    /// Kinds of token, with GGUF's numbers.
    enum Kind: Int32 {
        case normal = 1
        case unknown = 2
        case control = 3
        case userDefined = 4
        case unused = 5
        case byte = 6
    }

    /// `gpt2` for byte-level BPE, `llama` for SentencePiece.
    var model: String
    /// Name of the way text is split before merging.
    var preTokenizer: String
    /// Text of each token, by id.
    var tokens: [[UInt8]]
    /// Score of each token; empty for byte-level BPE.
    var scores: [Float] = []
    /// Kind of each token.
    var kinds: [Kind]
    /// Pairs to merge, first the first, joined by a space; empty for SentencePiece.
    var merges: [[UInt8]] = []
    /// Whether a space is put before a text; nil to leave it to the reader.
    var addsSpacePrefix: Bool?

    /// A vocabulary of `size` fillers `[PADn]`, to be filled in. Fillers remain where the table is longer than the
    /// tokenizer's own.
    init(model: String, preTokenizer: String, size: Int, fillerScore: Float? = nil) {
        self.model = model
        self.preTokenizer = preTokenizer
        tokens = (0..<size).map { Array("[PAD\($0)]".utf8) }
        kinds = Array(repeating: .unused, count: size)
        if let fillerScore { scores = Array(repeating: fillerScore, count: size) }
    }

    /// Puts a token in its place.
    mutating func set(_ id: Int, _ text: [UInt8], _ kind: Kind, score: Float? = nil) throws(ConversionError) {
        guard tokens.indices.contains(id) else {
            throw .tokenOutOfRange(token: String(decoding: text, as: UTF8.self), id: id, vocabulary: tokens.count)
        }
        tokens[id] = text
        kinds[id] = kind
        if let score { scores[id] = score }
    }

    /// Puts an added token in its place: control when it is special or looks it, else user-defined.
    mutating func setAdded(_ token: AddedTokenEntry, score: Float? = nil) throws(ConversionError) {
        if token.isSpecial || Self.looksSpecial(token.content) {
            try set(token.id, Array(token.content.utf8), .control, score: score)
        } else {
            // Spaces that a SentencePiece tokenizer writes as U+2581.
            let text = token.content.unicodeScalars.map { $0 == "\u{2581}" ? " " : String($0) }.joined()
            try set(token.id, Array(text.utf8), .userDefined, score: score)
        }
    }

    /// Whether a token is one that some checkpoints forgot to mark as special.
    private static func looksSpecial(_ text: String) -> Bool {
        ["<pad>", "<mask>"].contains(text) || text.hasPrefix("<|") && text.hasSuffix("|>")
    }

    /// Writes the vocabulary.
    func write(to metadata: inout GGUFMetadata) {
        if let addsSpacePrefix { metadata["tokenizer.ggml.add_space_prefix"] = .bool(addsSpacePrefix) }
        metadata["tokenizer.ggml.model"] = .string(model)
        metadata["tokenizer.ggml.pre"] = .string(preTokenizer)
        metadata["tokenizer.ggml.tokens"] = .strings(GGUFStringArray(tokens))
        if !scores.isEmpty { metadata["tokenizer.ggml.scores"] = .numbers(GGUFNumbers(scores)) }
        metadata["tokenizer.ggml.token_type"] = .numbers(GGUFNumbers(kinds.map(\.rawValue)))
        if !merges.isEmpty { metadata["tokenizer.ggml.merges"] = .strings(GGUFStringArray(merges)) }
    }
}

/// A token that stands beside a tokenizer's own vocabulary.
struct AddedTokenEntry {
    let id: Int
    let content: String
    let isSpecial: Bool
}
