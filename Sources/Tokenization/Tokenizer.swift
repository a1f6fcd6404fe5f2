internal import Synchronization

/// The number of a token in a vocabulary.
public typealias TokenID = Int32

/// Text to token numbers and back, exactly as the model's own tokenizer does it.
///
/// Make one with a `load` function from a GGUF file, a Hugging Face `tokenizer.json`, a SentencePiece `tokenizer.model`
/// or a checkpoint folder. A tokenizer never changes and may be used from any number of threads at once.
public final class Tokenizer: Sendable {
    /// The two families of vocabularies.
    public enum Kind: String, Sendable {
        /// Every byte is a letter of the alphabet (GPT-2, GPT-NeoX, StableLM 2, Llama 3).
        case byteLevelBPE
        /// Characters are the alphabet, a space is part of the word after it, bytes are the way out (Llama, Mistral).
        case sentencePiece
    }

    /// Which family this is.
    public let kind: Kind
    /// How text is split before merging, in GGUF's words ("olmo", "stablelm2", "llama-bpe"); "default" for SentencePiece.
    public let preTokenizerName: String
    /// The token that begins a text, if the file names one.
    public let bosToken: TokenID?
    /// The token that ends a text, if the file names one.
    public let eosToken: TokenID?
    /// The token that stands for what cannot be spelled, if the file names one.
    public let unknownToken: TokenID?
    /// The token that fills up batches, if the file names one.
    public let paddingToken: TokenID?
    /// Whether ``encode(_:addSpecialTokens:parseSpecialTokens:)`` with special tokens begins with ``bosToken``.
    public let addsBOS: Bool
    /// Whether ``encode(_:addSpecialTokens:parseSpecialTokens:)`` with special tokens ends with ``eosToken``.
    public let addsEOS: Bool
    /// The tokens after which a model has said all it wants to say.
    public let endOfGeneration: Set<TokenID>
    /// The fillers of the file: tokens that are in the table only to round its size, never to be sampled.
    public let neverSampled: [TokenID]
    /// What was odd about the file and how it was read; one line each, for a person.
    public let warnings: [String]

    let texts: TokenTexts
    let decoded: TokenTexts
    let types: [TokenType]
    let index: TextIndex
    /// Whether a space before the first word is SentencePiece's own and no part of the text.
    package let dropsLeadingSpace: Bool
    let prefixTokens: [TokenID]
    let suffixTokens: [TokenID]
    let encoder: TextEncoder
    let scratch = Mutex<EncodingScratch?>(nil)

    init(_ definition: consuming TokenizerDefinition) throws(TokenizerError) {
        let assembled = try definition.assembled()
        kind = definition.kind
        preTokenizerName = definition.preTokenizerName
        bosToken = definition.bosToken
        eosToken = definition.eosToken
        unknownToken = definition.unknownToken
        paddingToken = definition.paddingToken
        prefixTokens = definition.prefixTokens
        suffixTokens = definition.suffixTokens
        addsBOS = definition.bosToken.map(definition.prefixTokens.contains) ?? false
        addsEOS = definition.eosToken.map(definition.suffixTokens.contains) ?? false
        dropsLeadingSpace = definition.dropsLeadingSpace
        warnings = definition.warnings
        texts = assembled.texts
        decoded = assembled.decoded
        types = assembled.types
        index = assembled.index
        endOfGeneration = assembled.endOfGeneration
        neverSampled = assembled.neverSampled
        encoder = assembled.encoder
    }

    /// Number of tokens in the file. A model's table may be larger; see ``neverSampled(tableSize:)``.
    public var vocabularySize: Int { texts.count }

    /// Token numbers of `text`.
    /// - Parameters:
    ///   - text: Any text.
    ///   - addSpecialTokens: Put the tokens that begin and end a text around it, as the file says.
    ///   - parseSpecialTokens: Read the names of control tokens in `text` as those tokens; else they are plain text.
    public func encode(
        _ text: String, addSpecialTokens: Bool = false, parseSpecialTokens: Bool = true
    ) -> [TokenID] {
        encode(utf8: Array(text.utf8), addSpecialTokens: addSpecialTokens, parseSpecialTokens: parseSpecialTokens)
    }

    /// Token numbers of UTF-8 text; bytes that are no UTF-8 count as U+FFFD.
    public func encode(
        utf8 bytes: [UInt8], addSpecialTokens: Bool = false, parseSpecialTokens: Bool = true
    ) -> [TokenID] {
        var text = bytes
        if !UTF8Validation.isValid(bytes) {
            text = Array(String(decoding: bytes, as: UTF8.self).utf8)
        }
        var work = scratch.withLock { $0.take() } ?? EncodingScratch()
        var output: [TokenID] = []
        output.reserveCapacity(text.count / 3 + 4)
        if addSpecialTokens { output += prefixTokens }
        encoder.encode(text, parseSpecialTokens: parseSpecialTokens, into: &output, &work)
        if addSpecialTokens { output += suffixTokens }
        work.shrink()
        scratch.withLock { [work] in $0 = work }
        return output
    }

    /// The bytes a token adds to a text; a control token's name; nothing for a number outside the vocabulary.
    public func bytes(of id: TokenID) -> [UInt8] {
        byteRange(of: id).map { Array(decoded.blob[$0]) } ?? []
    }

    /// The text of `ids`. Bytes that are no UTF-8 become U+FFFD.
    /// - Parameter skipSpecialTokens: Leave out control tokens instead of writing their names.
    public func decode(_ ids: [TokenID], skipSpecialTokens: Bool = false) -> String {
        var decoder = StreamingDecoder(self, skipSpecialTokens: skipSpecialTokens)
        var output: [UInt8] = []
        output.reserveCapacity(ids.count &* 4)
        for id in ids { decoder.append(id, to: &output) }
        decoder.finish(to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// A token as the file writes it ("Ġtiny", "▁tiny", "<0x0A>"); nil for a number outside the vocabulary.
    public func piece(of id: TokenID) -> String? {
        guard id >= 0, id < vocabularySize else { return nil }
        return texts.string(Int(id))
    }

    /// The token that the file writes as `text`.
    public func id(of text: String) -> TokenID? {
        index.find(Array(text.utf8), in: texts).map(TokenID.init)
    }

    /// What a token is for; nil for a number outside the vocabulary.
    public func type(of id: TokenID) -> TokenType? {
        guard id >= 0, id < types.count else { return nil }
        return types[Int(id)]
    }

    /// Whether a token is structure (begin, end, roles) rather than text.
    public func isSpecial(_ id: TokenID) -> Bool {
        switch type(of: id) {
        case .control, .unknown: true
        default: false
        }
    }

    /// Whether a token is text: neither structure nor filler.
    package func isText(_ id: TokenID) -> Bool {
        switch type(of: id) {
        case .normal, .userDefined, .byte: true
        default: false
        }
    }

    /// Whether a number stands for nothing: a filler of the file, or outside its vocabulary.
    public func isPadding(_ id: TokenID) -> Bool {
        type(of: id).map { $0 == .unused } ?? true
    }

    /// All tokens that must never be sampled from a model whose table has `tableSize` rows.
    public func neverSampled(tableSize: Int) -> [TokenID] {
        guard tableSize > vocabularySize, let last = TokenID(exactly: tableSize) else { return neverSampled }
        return neverSampled + Array(TokenID(vocabularySize)..<last)
    }

    var decodedBlob: [UInt8] { decoded.blob }

    func byteRange(of id: TokenID) -> Range<Int>? {
        guard id >= 0, id < vocabularySize else { return nil }
        return decoded.range(Int(id))
    }
}
