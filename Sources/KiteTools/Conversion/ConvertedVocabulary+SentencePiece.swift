import ModelFiles

extension ConvertedVocabulary {
    /// A SentencePiece vocabulary, from `tokenizer.model` and the tokens added beside it.
    static func pieces(
        _ file: SentencePieceFile, in folder: HuggingFaceFolder, size: Int
    ) throws -> ConvertedVocabulary {
        guard file.isBPE else { throw ConversionError.unsupportedTokenizer("is a unigram SentencePiece model") }
        var result = ConvertedVocabulary(model: "llama", preTokenizer: "default", size: size, fillerScore: -10000)
        for (id, piece) in file.pieces.enumerated() { try result.set(id, piece.text, piece.kind, score: piece.score) }
        if !file.addsDummyPrefix { result.addsSpacePrefix = false }
        do {
            if let added = try folder.json(.addedTokens)?.asObject() {
                for member in added.members {
                    let id = try member.value.asInt()
                    try result.set(id, Array(member.key.utf8), .userDefined, score: -1000)
                }
            }
        } catch let error as JSONError {
            throw ConversionError.tokenizer(file: folder.path + "/added_tokens.json", "\(error)")
        }
        for token in try configuredTokens(folder) {
            // The unknown token stays one although tokenizer_config.json calls it special, so that readers find it.
            guard !(result.kinds.indices.contains(token.id) && result.kinds[token.id] == .unknown) else { continue }
            try result.setAdded(token, score: -1000)
        }
        return result
    }
}
