public import Kite
import ModelFiles
import TensorCore

/// A measured perplexity with all that it depends on.
public struct PerplexityReport: Sendable {
    /// What was found.
    public let result: PerplexityResult
    /// The chunks.
    public let text: TextChunks
    /// What the model is called.
    public let model: String
    /// What the base is called, where there is one.
    public let base: String?
    /// SHA-256 of the vocabulary: kind, pre-tokenizer, and every token's text and type.
    public let tokenizerHash: String
    /// SHA-256 of the tokens of all chunks, as 32-bit little-endian numbers.
    public let tokensHash: String
    /// The text's name, length and SHA-256; nil when the tokens are from a file of log-probabilities.
    public let corpus: Corpus?
    /// How models were run.
    public let options: LoadOptions
    /// What the model was run with; nil for nothing.
    public let adapters: AdapterSet?
    /// How keys and values were remembered.
    public let kvCacheType: KVCacheType

    /// Which text it was.
    public struct Corpus: Sendable, Hashable {
        /// Its path, as given.
        public let name: String
        /// Its length.
        public let bytes: Int
        /// SHA-256 of all of it.
        public let hash: String

        /// The text `bytes`, called `name`.
        public init(name: String, text: [UInt8]) {
            self.name = name
            bytes = text.count
            hash = SHA256.hex(text)
        }
    }

    /// A report of `result`.
    public init(
        _ result: PerplexityResult, text: TextChunks, model: String, checkpoint: Checkpoint, base: String?,
        tokenizer: Tokenizer, corpus: Corpus?, options: LoadOptions, adapters: AdapterSet? = nil
    ) {
        self.result = result
        self.text = text
        self.model = model
        self.base = base
        self.corpus = corpus
        self.options = options
        self.adapters = adapters
        let isExact = (try? checkpoint.outputType) == .f32
        kvCacheType = options.kvCacheType ?? (isExact ? .f32 : .f16)
        tokenizerHash = Self.hash(of: tokenizer)
        var hash = SHA256()
        let end = (text.count - 1) * text.step + text.windowLength
        hash.update(text.tokens[..<end].map(\.littleEndian).span.bytes)
        tokensHash = hash.finish()
    }

    private static func hash(of tokenizer: Tokenizer) -> String {
        var hash = SHA256()
        hash.update(Array("\(tokenizer.kind.rawValue)\n\(tokenizer.preTokenizerName)\n".utf8).span.bytes)
        for id in 0..<TokenID(tokenizer.vocabularySize) {
            let type = tokenizer.type(of: id).map { "\($0)" } ?? "-"
            let piece = tokenizer.piece(of: id) ?? ""
            hash.update(Array("\(piece.utf8.count) \(type) \(piece)\n".utf8).span.bytes)
        }
        return hash.finish()
    }
}

extension Checkpoint {
    /// Type of the matrix that makes logits.
    fileprivate var outputType: TensorType {
        get throws { try tensor(hasTensor("output.weight") ? "output.weight" : "token_embd.weight").type }
    }
}
