import ModelFiles
import Tokenization

extension ConvertedVocabulary {
    /// A byte-level BPE vocabulary, from `tokenizer.json`.
    static func bytePairs(
        _ file: TokenizerFile, in folder: HuggingFaceFolder, size: Int
    ) throws -> ConvertedVocabulary {
        guard file.modelType == "BPE" || file.modelType.isEmpty else {
            throw ConversionError.unsupportedTokenizer("is of the type \(file.modelType)")
        }
        guard let region = try folder.contents(of: .tokenizer) else {
            throw ConversionError.noTokenizer(folder: folder.path)
        }
        // Kite's own reader knows which splits there are, and refuses what it cannot do exactly.
        let tokenizer = try Tokenizer.load(tokenizerJSON: region)
        var result = ConvertedVocabulary(model: "gpt2", preTokenizer: tokenizer.preTokenizerName, size: size)
        try result.fill(file, folder) { _ in .normal }
        result.merges = file.merges
        return result
    }

    /// A SentencePiece vocabulary that is only there as `tokenizer.json`: pieces with merges in place of scores.
    ///
    /// SentencePiece merges the pair of the highest score first, so a piece made by merge n gets the score −n.
    static func piecesWithMerges(
        _ file: TokenizerFile, in folder: HuggingFaceFolder, size: Int
    ) throws -> ConvertedVocabulary {
        var result = ConvertedVocabulary(model: "llama", preTokenizer: "default", size: size, fillerScore: -10000)
        let unknown = file.unknownToken.map { Array($0.utf8) }
        try result.fill(file, folder, score: 0) { token in
            if token == unknown { return .unknown }
            return Self.isByte(token) ? .byte : .normal
        }
        var ranks: [[UInt8]: Int] = [:]
        for (rank, merge) in file.merges.enumerated() {
            let made = merge.filter { $0 != 0x20 }
            if ranks[made] == nil { ranks[made] = rank }
        }
        for (id, token) in result.tokens.enumerated() where result.kinds[id] == .normal {
            result.scores[id] = ranks[token].map { -Float($0) } ?? -Float(file.merges.count)
        }
        if let unknown, let id = result.tokens.firstIndex(of: unknown) { result.kinds[id] = .unknown }
        return result
    }

    /// Puts all tokens of `file`, and those only `tokenizer_config.json` names, in their places.
    private mutating func fill(
        _ file: TokenizerFile, _ folder: HuggingFaceFolder, score: Float? = nil, kind: ([UInt8]) -> Kind
    ) throws {
        var seen = Set<Int>()
        for (token, id) in file.vocabulary {
            guard seen.insert(id).inserted else { throw ConversionError.duplicateTokenID(id) }
            try set(id, token, kind(token), score: score)
        }
        for token in file.addedTokens {
            seen.insert(token.id)
            try setAdded(token, score: score.map { _ in -1000 })
        }
        for token in try Self.configuredTokens(folder) where seen.insert(token.id).inserted {
            try setAdded(token, score: score.map { _ in -1000 })
        }
    }

    /// The tokens of `added_tokens_decoder` in `tokenizer_config.json`, in order of their ids.
    static func configuredTokens(_ folder: HuggingFaceFolder) throws -> [AddedTokenEntry] {
        do {
            guard let config = try folder.json(.tokenizerConfig)?.asObject(),
                let decoder = try config.object("added_tokens_decoder")
            else { return [] }
            return try decoder.members.map { member in
                guard let id = Int(member.key) else {
                    throw ConversionError.tokenizer(
                        file: folder.path + "/tokenizer_config.json", "added_tokens_decoder has \"\(member.key)\"")
                }
                return try AddedTokenEntry(member.value.asObject(), id: id)
            }.sorted { $0.id < $1.id }
        } catch let error as JSONError {
            throw ConversionError.tokenizer(file: folder.path + "/tokenizer_config.json", "\(error)")
        }
    }

    /// Whether a piece stands for one byte: `<0x0A>`.
    private static func isByte(_ token: [UInt8]) -> Bool {
        token.count == 6 && token.starts(with: Array("<0x".utf8)) && token[5] == 0x3E
            && UInt8(String(decoding: token[3..<5], as: UTF8.self), radix: 16) != nil
    }
}
