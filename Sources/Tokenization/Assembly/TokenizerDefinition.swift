/// What a file says about its tokenizer, in one form for all formats. ``assembled()`` checks it and makes the tables.
struct TokenizerDefinition {
    /// Merge rules by rank: the texts of the left and the right part, one after the other.
    struct Merges {
        var parts = TokenTexts()
        var count: Int { parts.count / 2 }
    }

    var kind: Tokenizer.Kind
    /// What the file is called in messages.
    var source: String
    /// How tokens are written in the file, by number.
    var texts = TokenTexts()
    var types: [TokenType] = []
    /// SentencePiece scores; with ``merges`` they do not count.
    var scores: [Float] = []
    var merges: Merges?
    var added: [AddedToken] = []
    var preTokenizer = PreTokenizer(steps: [], name: "default")
    var composes = false
    var spacing: Spacing?
    var fusesUnknown = true
    var ignoresMerges = false
    var dropsLeadingSpace = false

    var bosToken: TokenID?
    var eosToken: TokenID?
    var unknownToken: TokenID?
    var paddingToken: TokenID?
    var endOfGeneration: Set<TokenID> = []
    var prefixTokens: [TokenID] = []
    var suffixTokens: [TokenID] = []
    var warnings: [String] = []

    var preTokenizerName: String { preTokenizer.name }

    init(kind: Tokenizer.Kind, source: String) {
        self.kind = kind
        self.source = source
    }

    /// A special token's number, if it is one of the vocabulary.
    func checked(_ name: String, _ id: Int?) throws(TokenizerError) -> TokenID? {
        guard let id else { return nil }
        guard id >= 0, id < texts.count else {
            throw .specialTokenOutOfRange(name: name, id: id, tokens: texts.count)
        }
        return TokenID(id)
    }
}
