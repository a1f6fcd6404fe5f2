import ModelFiles
import Testing

@testable import Tokenization

/// Every way a GGUF vocabulary can be wrong is refused by name.
@Suite struct MalformedGGUFTests {
    private func error(_ metadata: GGUFMetadata, _ preTokenizerOverride: String? = nil) -> TokenizerError? {
        var reader = GGUFTokenizerReader(metadata: metadata, name: "test.gguf")
        do {
            _ = try Tokenizer(reader.read(preTokenizerOverride))
            return nil
        } catch {
            return error
        }
    }

    private func byteLevel(_ key: String, _ value: GGUFValue?) -> TokenizerError? {
        var metadata = TestVocabulary.byteLevel()
        metadata["tokenizer.ggml." + key] = value
        return error(metadata)
    }

    private func sentencePiece(_ key: String, _ value: GGUFValue?) -> TokenizerError? {
        var metadata = TestVocabulary.sentencePiece()
        metadata["tokenizer.ggml." + key] = value
        return error(metadata)
    }

    private func tokens(replacing index: Int, with text: [UInt8]) -> GGUFValue {
        var tokens = (TestVocabulary.alphabet + ["he", "ll", "hell", "<|endoftext|>"]).map { Array($0.utf8) }
        tokens[index] = text
        return .strings(GGUFStringArray(tokens))
    }

    private func pieces(replacing index: Int, with text: String) -> GGUFValue? {
        guard case .strings(let tokens) = TestVocabulary.sentencePiece()["tokenizer.ggml.tokens"] else { return nil }
        var pieces = tokens.indices.map { tokens[$0] }
        pieces[index] = Array(text.utf8)
        return .strings(GGUFStringArray(pieces))
    }

    @Test func wellFormed() {
        #expect(error(TestVocabulary.byteLevel()) == nil)
        #expect(error(TestVocabulary.sentencePiece()) == nil)
    }

    @Test func tokensMissing() {
        #expect(byteLevel("tokens", nil) == .missingTokens(source: "test.gguf"))
        #expect(byteLevel("model", nil) == .missingTokens(source: "test.gguf"))
    }

    @Test func tokensEmpty() {
        var metadata = TestVocabulary.byteLevel()
        metadata["tokenizer.ggml.tokens"] = .strings(GGUFStringArray([String]()))
        metadata["tokenizer.ggml.token_type"] = nil
        metadata["tokenizer.ggml.eos_token_id"] = nil
        #expect(error(metadata) == .missingTokens(source: "test.gguf"))
    }

    @Test func tokenDuplicate() {
        let expected = TokenizerError.duplicateToken(text: "he", first: 256, second: 257)
        #expect(byteLevel("tokens", tokens(replacing: 257, with: Array("he".utf8))) == expected)
    }

    @Test func tokenWithoutText() {
        #expect(byteLevel("tokens", tokens(replacing: 257, with: [])) == .emptyToken(id: 257))
    }

    @Test func tokenInvalidUTF8() {
        #expect(byteLevel("tokens", tokens(replacing: 257, with: [0xC3, 0x28])) == .invalidUTF8(id: 257))
        #expect(byteLevel("tokens", tokens(replacing: 257, with: [0xE2, 0x82])) == .invalidUTF8(id: 257))
    }

    @Test func tokensThatAreOnlyTogetherUTF8() {
        var texts = (TestVocabulary.alphabet + ["he", "ll", "hell", "<|endoftext|>"]).map { Array($0.utf8) }
        texts[257] = [0x61, 0xC3]
        texts[258] = [0xA9, 0x61]
        #expect(byteLevel("tokens", .strings(GGUFStringArray(texts))) == .invalidUTF8(id: 258))
    }

    @Test func tokenTooLong() {
        let text = [UInt8](repeating: 0x61, count: 65537)
        #expect(byteLevel("tokens", tokens(replacing: 257, with: text)) == .tokenTooLong(id: 257, length: 65537))
    }

    @Test func listsOfOtherLengths() {
        #expect(
            byteLevel("token_type", .numbers(GGUFNumbers([Int32](repeating: 1, count: 3))))
                == .countMismatch(list: "token types", count: 3, tokens: 260))
        #expect(
            sentencePiece("scores", .numbers(GGUFNumbers([Float](repeating: 0, count: 3))))
                == .countMismatch(list: "scores", count: 3, tokens: 265))
        #expect(sentencePiece("scores", nil) == .countMismatch(list: "scores", count: 0, tokens: 265))
    }

    @Test func scoreNotANumber() {
        let scores = [Float](repeating: 0, count: 264) + [.nan]
        #expect(sentencePiece("scores", .numbers(GGUFNumbers(scores))) == .scoreNotANumber(id: 264))
    }

    @Test(arguments: [0, 7, -1, 300])
    func tokenTypeOutOfRange(_ value: Int32) {
        let types = [Int32](repeating: 1, count: 259) + [value]
        #expect(
            byteLevel("token_type", .numbers(GGUFNumbers(types))) == .unknownTokenType(id: 259, value: Int(value)))
    }

    @Test(arguments: ["he", "he ", ""])
    func mergeWithoutTwoParts(_ text: String) {
        #expect(
            byteLevel("merges", .strings(GGUFStringArray(["h e", text]))) == .malformedMerge(index: 1, text: text))
    }

    @Test(arguments: ["h zz", "zz e", "h h", "l l l"])
    func mergeOfUnknownParts(_ text: String) {
        #expect(
            byteLevel("merges", .strings(GGUFStringArray([text]))) == .mergeOfUnknownToken(index: 0, text: text))
    }

    @Test func mergesMissing() {
        #expect(
            byteLevel("merges", nil)
                == .malformedFile(part: "test.gguf", detail: "it has no tokenizer.ggml.merges"))
    }

    @Test func mergesHuge() {
        let merges = [String](repeating: "h e", count: 20_000)
        #expect(byteLevel("merges", .strings(GGUFStringArray(merges))) == .tooManyMerges(count: 20_000, limit: 17_664))
    }

    @Test(arguments: ["bos", "eos", "unknown", "padding", "eot", "eom"])
    func specialTokenOutOfRange(_ name: String) {
        let tooLarge = byteLevel(name + "_token_id", .uint32(260))
        #expect(tooLarge == .specialTokenOutOfRange(name: name, id: 260, tokens: 260))
        let negative = byteLevel(name + "_token_id", .int32(-1))
        #expect(negative == .specialTokenOutOfRange(name: name, id: -1, tokens: 260))
    }

    @Test(arguments: ["<0x-1>", "<0xGG>", "<0x1>", "<0x100>", "0x41"])
    func byteTokenMalformed(_ text: String) {
        #expect(sentencePiece("tokens", pieces(replacing: 3, with: text)) == .malformedByteToken(id: 3, text: text))
    }

    @Test func byteTokenMissing() {
        var types: [Int32] = [2, 3, 3] + [Int32](repeating: 6, count: 256) + [Int32](repeating: 1, count: 6)
        types[3 + 0x41] = 1
        #expect(sentencePiece("token_type", .numbers(GGUFNumbers(types))) == .missingByteToken(byte: 0x41))
        #expect(
            byteLevel("tokens", tokens(replacing: 0x41, with: [0x61, 0x62, 0x63])) == .missingByteToken(byte: 0x41))
    }

    @Test func unknownModel() {
        #expect(byteLevel("model", .string("t5")) == .unknownModel(name: "t5"))
    }

    @Test func unknownPreTokenizer() throws {
        let found = try #require(byteLevel("pre", .string("chatglm-bpe")))
        #expect(found == .unknownPreTokenizer(name: "chatglm-bpe"))
        #expect(found.description.contains("preTokenizerOverride"))
        var metadata = TestVocabulary.byteLevel()
        metadata["tokenizer.ggml.pre"] = .string("chatglm-bpe")
        #expect(error(metadata, "olmo") == nil)
        #expect(error(metadata, "nonsense") == .unknownPreTokenizer(name: "nonsense"))
    }

    @Test(arguments: [nil, "default"])
    func missingPreTokenizer(_ name: String?) {
        var metadata = TestVocabulary.byteLevel()
        metadata["general.architecture"] = .string("falcon")
        metadata["tokenizer.ggml.pre"] = name.map { .string($0) }
        #expect(error(metadata) == .missingPreTokenizer(architecture: "falcon", tokens: 260))
        #expect(error(metadata, "gpt-2") == nil)
    }

    @Test func valuesOfOtherKinds() {
        for (key, value) in [
            ("tokens", GGUFValue.string("a")), ("merges", .uint32(1)), ("token_type", .string("a")),
            ("pre", .bool(true)),
            ("add_bos_token", .string("yes")), ("eos_token_id", .string("two")),
        ] {
            guard case .malformedFile = byteLevel(key, value) else {
                Issue.record("\(key) of another kind is accepted")
                continue
            }
        }
    }
}
