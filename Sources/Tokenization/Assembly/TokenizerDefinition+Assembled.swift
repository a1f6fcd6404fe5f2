/// The finished tables of a tokenizer.
struct AssembledTokenizer {
    var texts: TokenTexts
    var decoded: TokenTexts
    var types: [TokenType]
    var index: TextIndex
    var endOfGeneration: Set<TokenID>
    var neverSampled: [TokenID]
    var encoder: TextEncoder
}

extension TokenizerDefinition {
    /// The longest text of a token.
    static let longestToken = 65536
    /// The most tokens: far beyond any vocabulary, and small enough for every table to be made.
    static let mostTokens = 1 << 24

    /// Control tokens that end an answer whatever the file says of them.
    private static let endTexts = [
        "<|endoftext|>", "<|im_end|>", "</s>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|end|>", "<|eot|>",
        "<end_of_turn>", "<EOT>",
    ]

    /// Checks everything and makes the tables.
    func assembled() throws(TokenizerError) -> AssembledTokenizer {
        let index = try checkedTexts()
        let decoded = try decodedTexts()
        var endOfGeneration = endOfGeneration
        if let eosToken { endOfGeneration.insert(eosToken) }
        for text in Self.endTexts {
            guard let id = index.find(Array(text.utf8), in: texts), types[id] == .control else { continue }
            endOfGeneration.insert(TokenID(id))
        }
        let words =
            switch kind {
            case .byteLevelBPE: try byteLevelWords(index, decoded)
            case .sentencePiece: try characterWords(index, decoded)
            }
        var patterns = added
        for position in patterns.indices {
            guard patterns[position].pattern.count <= AddedTokenMatcher.longestPattern else {
                throw .tokenTooLong(id: Int(patterns[position].id), length: patterns[position].pattern.count)
            }
            if patterns[position].isNormalized { normalize(&patterns[position].pattern) }
        }
        let encoder = TextEncoder(
            rawTokens: AddedTokenMatcher(patterns.filter { !$0.isNormalized }),
            normalizedTokens: AddedTokenMatcher(patterns.filter(\.isNormalized)),
            composes: composes, spacing: spacing, preTokenizer: preTokenizer, words: words)
        return AssembledTokenizer(
            texts: texts, decoded: decoded, types: types, index: index, endOfGeneration: endOfGeneration,
            neverSampled: types.indices.filter { types[$0] == .unused }.map { TokenID($0) }, encoder: encoder)
    }

    /// Texts must be there, be UTF-8, of sane length and all different; the index tells their numbers.
    private func checkedTexts() throws(TokenizerError) -> TextIndex {
        guard texts.count > 0 else { throw .missingTokens(source: source) }
        guard texts.count <= Self.mostTokens else {
            throw .vocabularyTooLarge(count: texts.count, limit: Self.mostTokens)
        }
        guard types.count == texts.count else {
            throw .countMismatch(list: "token types", count: types.count, tokens: texts.count)
        }
        var index = TextIndex(capacity: texts.count)
        let isValid = UTF8Validation.isValid(texts.blob)
        for id in 0..<texts.count {
            let range = texts.range(id)
            guard !range.isEmpty else { throw .emptyToken(id: id) }
            guard range.count <= Self.longestToken else { throw .tokenTooLong(id: id, length: range.count) }
            // Valid end to end and cut at the start of a character: each text is valid too.
            let startsCharacter = texts.blob[range.lowerBound] & 0xC0 != 0x80
            guard isValid && startsCharacter || UTF8Validation.isValid(texts[id]) else { throw .invalidUTF8(id: id) }
            if let first = index.insert(id, of: texts) {
                throw .duplicateToken(text: texts.string(id), first: first, second: id)
            }
        }
        return index
    }

    /// What normalization makes of an added token that is looked for in normalized text.
    private func normalize(_ pattern: inout [UInt8]) {
        if composes { pattern = CanonicalComposition.shared.normalize(pattern.span, 0, pattern.count) }
        guard let spacing, spacing.isNormalization else { return }
        var own = spacing
        own.removesExtraSpaces = false
        // SentencePiece's own user-defined symbols stand anywhere; `tokenizers` puts its prefix before the pattern, too.
        if merges == nil { own.prefix = .never }
        pattern = own.apply(pattern.span, 0, pattern.count)
    }
}
