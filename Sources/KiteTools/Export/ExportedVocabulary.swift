import ModelFiles
import Tokenization

/// The vocabulary of a GGUF file, to be written as tokenizer files.
struct ExportedVocabulary {
    /// A token to be written.
    struct Token {
        let id: Int
        let bytes: [UInt8]
        let text: String
        let kind: ConvertedVocabulary.Kind
        let score: Float
    }

    let metadata: GGUFMetadata
    /// All tokens but the fillers after the tokenizer's own.
    let tokens: [Token]
    let isSentencePiece: Bool
    /// The ids that `tokenizer.ggml.` gives by name: `bos`, `eos`, `unknown`, `padding` …
    private let special: [String: Int]

    /// The key of each special token, and what `tokenizer_config.json` calls it.
    static let specialNames = [
        ("bos", "bos_token"), ("eos", "eos_token"), ("unknown", "unk_token"), ("padding", "pad_token"),
        ("seperator", "sep_token"), ("cls", "cls_token"), ("mask", "mask_token"),
    ]

    /// - Throws: ``ConversionError`` and ``GGUFError`` for a vocabulary that is missing or malformed.
    init(_ metadata: GGUFMetadata) throws {
        self.metadata = metadata
        let model = try metadata.requiredString("tokenizer.ggml.model")
        guard model == "gpt2" || model == "llama" else {
            throw ConversionError.unsupportedTokenizer("is of the type \(model)")
        }
        isSentencePiece = model == "llama"
        let texts = try metadata.requiredStrings("tokenizer.ggml.tokens")
        let kinds = try metadata.ints("tokenizer.ggml.token_type")
        let scores = try metadata.floats("tokenizer.ggml.scores")
        for (name, count) in [("token_type", kinds?.count), ("scores", scores?.count)] {
            guard count == nil || count == texts.count else {
                throw ConversionError.tokenizer(
                    file: metadata.source, "tokenizer.ggml.\(name) has \(count ?? 0) entries for \(texts.count) tokens")
            }
        }
        var tokens: [Token] = []
        for id in 0..<texts.count {
            let kind = kinds.flatMap { Int32(exactly: $0[id]) }.flatMap(ConvertedVocabulary.Kind.init) ?? .normal
            let bytes = texts[id]
            guard let text = texts.text(id) else {
                throw ConversionError.tokenizer(
                    file: metadata.source, "token \(id) is not valid UTF-8, which no tokenizer.json can hold")
            }
            if kind == .unused, text == "[PAD\(id)]" || !isSentencePiece { continue }
            tokens.append(Token(id: id, bytes: bytes, text: text, kind: kind, score: scores?[id] ?? 0))
        }
        self.tokens = tokens
        var special: [String: Int] = [:]
        for (name, _) in Self.specialNames {
            let key = "tokenizer.ggml.\(name)_token_id"
            let current = name == "seperator" ? "tokenizer.ggml.separator_token_id" : key
            guard let id = try metadata.int(key) ?? metadata.int(current) else { continue }
            guard texts.indices.contains(id) else {
                throw ConversionError.tokenOutOfRange(token: name, id: id, vocabulary: texts.count)
            }
            special[name] = id
        }
        self.special = special
    }

    /// The id of a special token; nil when the file names none.
    func id(_ name: String) -> Int? { special[name] }

    /// The text of a special token.
    func text(_ name: String) -> String? {
        id(name).flatMap { id in tokens.first { $0.id == id }?.text }
    }

    /// A special token; nil when the file names none.
    func special(_ name: String) -> Token? { id(name).flatMap { id in tokens.first { $0.id == id } } }

    /// Whether texts begin with the begin token.
    var addsBOS: Bool {
        get throws {
            let implied = try isSentencePiece || sections?.addsBOS ?? false
            return try metadata.bool("tokenizer.ggml.add_bos_token") ?? implied && id("bos") != nil
        }
    }

    /// Whether texts end with the end token.
    var addsEOS: Bool {
        get throws { try metadata.bool("tokenizer.ggml.add_eos_token") ?? false && id("eos") != nil }
    }

    /// Whether a space is put before a text (SentencePiece).
    var addsSpacePrefix: Bool {
        get throws { try metadata.bool("tokenizer.ggml.add_space_prefix") ?? true }
    }

    /// How byte-level text is split.
    /// - Throws: ``ConversionError/unsupportedTokenizer(_:)`` for a way that is not known.
    var sections: PreTokenizerSections? {
        get throws {
            guard !isSentencePiece else { return nil }
            let name = try preTokenizerName
            guard let sections = PreTokenizerSections(name: name) else {
                throw ConversionError.unsupportedTokenizer("splits text the way of \"\(name)\"")
            }
            return sections
        }
    }

    /// The name the file gives, or, of files from before there was one, the name that the size of the vocabulary tells.
    private var preTokenizerName: String {
        get throws {
            if let name = try metadata.string("tokenizer.ggml.pre"), name != "default" { return name }
            switch try metadata.strings("tokenizer.ggml.tokens")?.count ?? 0 {
            case 50254...50432: return "olmo"
            case 100_289...100_352: return "stablelm2"
            case 128_000...128_512: return "llama-bpe"
            default: return "default"
            }
        }
    }

    /// The pairs to merge, the first first.
    func merges() throws -> [(left: [UInt8], right: [UInt8])] {
        guard !isSentencePiece else { return piecePairs() }
        let lines = try metadata.requiredStrings("tokenizer.ggml.merges")
        return try lines.enumerated().map { index, line in
            // The first part has at least one byte, which may itself be a space.
            guard let space = line.dropFirst().firstIndex(of: 0x20), space + 1 < line.count else {
                throw ConversionError.tokenizer(file: metadata.source, "merge \(index) is no pair")
            }
            return (Array(line[..<space]), Array(line[(space + 1)...]))
        }
    }

    /// The pairs whose pieces together are a piece, that of the highest score first: SentencePiece merges by scores.
    private func piecePairs() -> [(left: [UInt8], right: [UInt8])] {
        let normal = tokens.filter { $0.kind == .normal }
        var ids: [[UInt8]: Int] = [:]
        for token in normal where ids[token.bytes] == nil { ids[token.bytes] = token.id }
        var pairs: [(left: [UInt8], right: [UInt8], score: Float, order: (Int, Int))] = []
        for token in normal {
            let bytes = token.bytes
            for cut in 1..<max(bytes.count, 1) where bytes[cut] & 0xC0 != 0x80 {
                let (left, right) = (Array(bytes[..<cut]), Array(bytes[cut...]))
                guard let first = ids[left], let second = ids[right] else { continue }
                pairs.append((left, right, token.score, (first, second)))
            }
        }
        let order = pairs.indices.sorted { one, other in
            let (a, b) = (pairs[one], pairs[other])
            if a.score != b.score { return a.score > b.score }
            return a.order == b.order ? one < other : a.order < b.order
        }
        return order.map { (pairs[$0].left, pairs[$0].right) }
    }
}
