enum PreTokenizer { static let knownNames: [String] = [] }
enum UTF8Validation {
    static func isValid(_ bytes: [UInt8]) -> Bool { String(validating: bytes, as: UTF8.self) != nil }
}
struct EncodingScratch: Sendable { init(cache: Bool) {}; mutating func shrink() {} }
struct TextEncoder: Sendable {
    var usesCache = true
    func encode(_ text: [UInt8], parseSpecialTokens: Bool, into output: inout [TokenID], _ work: inout EncodingScratch)
    {}
}
struct TokenizerDefinition {
    var kind = Tokenizer.Kind.byteLevelBPE
    var preTokenizerName = ""
    var bosToken, eosToken, unknownToken, paddingToken: TokenID?
    var prefixTokens: [TokenID] = []
    var suffixTokens: [TokenID] = []
    var dropsLeadingSpace = false
    var warnings: [String] = []
    struct Assembled {
        var texts = TokenTexts(), decoded = TokenTexts(), types: [TokenType] = [], index = TextIndex(capacity: 1)
        var endOfGeneration: Set<TokenID> = [], neverSampled: [TokenID] = [], encoder = TextEncoder()
    }
    func assembled() throws(TokenizerError) -> Assembled { Assembled() }
}
