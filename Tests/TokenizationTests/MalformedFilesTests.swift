import ModelFiles
import TestSupport
import Testing

@testable import Tokenization

/// Every way a `tokenizer.json` or `tokenizer.model` can be wrong is refused by name.
@Suite struct MalformedFilesTests {
    private func error(_ bytes: [UInt8], config: JSONValue? = nil, generation: JSONValue? = nil) -> TokenizerError? {
        do {
            _ = try Tokenizer.load(tokenizerJSON: bytes, tokenizerConfig: config, generationConfig: generation)
            return nil
        } catch {
            return error
        }
    }

    private func isMalformed(_ error: TokenizerError?) -> Bool {
        if case .malformedFile = error { true } else { false }
    }

    private func isUnsupported(_ error: TokenizerError?) -> Bool {
        if case .unsupportedComponent = error { true } else { false }
    }

    @Test func wellFormed() { #expect(error(TestVocabulary.json()) == nil) }

    @Test func notJSON() {
        #expect(isMalformed(error([])))
        #expect(isMalformed(error(Array("{\"model\":".utf8))))
        #expect(isMalformed(error(Array(#"{"model":{"vocab":{"a":0.5}}}"#.utf8))))
        #expect(isMalformed(error(Array((#"{"x":"# + String(repeating: "[", count: 10_000)).utf8))))
        #expect(isMalformed(error(TestVocabulary.json(components: #""decoder":null,"decoder":null"#))))
    }

    @Test func noTokens() {
        #expect(error(Array("{}".utf8)) == .unknownModel(name: ""))
        #expect(
            error(Array(#"{"model":{"type":"BPE","vocab":{},"merges":[]}}"#.utf8))
                == .missingTokens(source: "tokenizer.json"))
    }

    @Test(arguments: ["Unigram", "WordPiece", "WordLevel"])
    func otherModels(_ name: String) {
        let text = #"{"model":{"type":"\#(name)","vocab":{"a":0},"merges":[]}}"#
        #expect(error(Array(text.utf8)) == .unknownModel(name: name))
    }

    @Test func numbers() {
        #expect(
            error(TestVocabulary.json(vocabulary: ",\"x1\":-1")) == .tokenIDOutOfRange(text: "x1", id: -1))
        #expect(
            error(TestVocabulary.json(vocabulary: ",\"x1\":4000000000"))
                == .tokenIDOutOfRange(text: "x1", id: 4_000_000_000))
        #expect(
            error(TestVocabulary.json(vocabulary: ",\"x1\":256"))
                == .duplicateTokenID(id: 256, first: "he", second: "x1"))
        #expect(
            error(TestVocabulary.json(vocabulary: ",\"he\":257"))
                == .duplicateToken(text: "he", first: 256, second: 257))
        let added = #"[{"id":256,"content":"<s>","special":true}]"#
        #expect(error(TestVocabulary.json(added: added)) == .duplicateTokenID(id: 256, first: "he", second: "<s>"))
    }

    @Test func merges() {
        #expect(error(TestVocabulary.json(merges: #""he""#)) == .malformedMerge(index: 0, text: "he"))
        #expect(error(TestVocabulary.json(merges: #""h e l""#)) == .malformedMerge(index: 0, text: "h e l"))
        #expect(error(TestVocabulary.json(merges: #"["h"]"#)) == .malformedMerge(index: 0, text: "1 parts"))
        #expect(error(TestVocabulary.json(merges: #"["h","zz"]"#)) == .mergeOfUnknownToken(index: 0, text: "h zz"))
        #expect(error(TestVocabulary.json(merges: #"["h",""]"#)) == .mergeOfUnknownToken(index: 0, text: "h "))
        #expect(isMalformed(error(TestVocabulary.json(merges: "1"))))
    }

    @Test(arguments: [
        #""normalizer":{"type":"NFKC"}"#, #""normalizer":{"type":"Lowercase"}"#, #""normalizer":{}"#,
        #""normalizer":{"type":"Prepend","prepend":"x"}"#, #""normalizer":{"type":"Prepend","prepend":"\#u{2581}"}"#,
        #""normalizer":{"type":"Replace","pattern":{"Regex":"x"},"content":"y"}"#,
        #""decoder":{"type":"WordPiece"}"#, #""decoder":{"type":"Strip","content":"x","start":1,"stop":0}"#,
        #""post_processor":{"type":"BertProcessing"}"#,
        #""post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>"}}],"special_tokens":{}}"#,
    ])
    func unknownComponents(_ components: String) {
        #expect(isUnsupported(error(TestVocabulary.json(components: components))))
    }

    @Test(arguments: [
        "null", #"{"type":"Whitespace"}"#, #"{"type":"Split","pattern":{"Regex":"x+"},"behavior":"Isolated"}"#,
        #"{"type":"Split","pattern":{"String":" "},"behavior":"Isolated"}"#,
        #"{"type":"Digits","individual_digits":true}"#,
        #"{"type":"Metaspace","replacement":"_","prepend_scheme":"always"}"#,
        #"{"type":"Metaspace","replacement":"\#u{2581}","prepend_scheme":"sometimes"}"#,
        #"{"type":"Sequence","pretokenizers":[{"type":"ByteLevel"},{"type":"ByteLevel"}]}"#,
    ])
    func unknownPreTokenizers(_ preTokenizer: String) {
        #expect(isUnsupported(error(TestVocabulary.json(preTokenizer: preTokenizer))))
    }

    @Test func specialTokens() {
        #expect(isMalformed(error(TestVocabulary.json(), config: ["eos_token": "<none>"])))
        #expect(isMalformed(error(TestVocabulary.json(), config: ["eos_token": 5])))
        #expect(
            error(TestVocabulary.json(), generation: ["eos_token_id": [256, 257]])
                == .specialTokenOutOfRange(name: "eos", id: 257, tokens: 257))
        #expect(
            error(TestVocabulary.json(), generation: ["eos_token_id": -1])
                == .specialTokenOutOfRange(name: "eos", id: -1, tokens: 257))
        #expect(isMalformed(error(TestVocabulary.json(added: #"[{"id":300}]"#))))
    }

    @Test func addedTokenTooLong() {
        let text = String(repeating: "x", count: 1025)
        let added = #"[{"id":257,"content":"\#(text)","special":true}]"#
        #expect(error(TestVocabulary.json(added: added)) == .tokenTooLong(id: 257, length: 1025))
    }

    // MARK: tokenizer.model

    private func model(_ bytes: [UInt8]) -> TokenizerError? {
        do {
            _ = try Tokenizer.load(sentencePiece: bytes)
            return nil
        } catch {
            return error
        }
    }

    @Test func sentencePieceTruncated() throws {
        let whole = try Golden.bytes("tokenization/spm-bytes.model")
        #expect(model(whole) == nil)
        #expect(isMalformed(model(Array(whole.prefix(whole.count - 1)))))
        #expect(isMalformed(model(Array(whole.prefix(7)))))
        #expect(model([]) == .unknownModel(name: "Unigram"))
        #expect(isMalformed(model([0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF])))
        #expect(isMalformed(model([0x0F])))
        #expect(isMalformed(model([0x00, 0x01])))
    }

    @Test func sentencePieceOfOtherKinds() {
        // A trainer specification with model_type 1 (unigram), 3 (word).
        #expect(model([0x12, 0x02, 0x18, 0x01]) == .unknownModel(name: "Unigram"))
        #expect(model([0x12, 0x02, 0x18, 0x03]) == .unknownModel(name: "SentencePiece type 3"))
        // BPE without pieces, though 0 is to be the unknown one.
        #expect(model([0x12, 0x02, 0x18, 0x02]) == .specialTokenOutOfRange(name: "bos", id: 1, tokens: 0))
        // A normalizer with a character map.
        #expect(isUnsupported(model([0x1A, 0x03, 0x12, 0x01, 0x41])))
        // A piece of type 9.
        #expect(model([0x0A, 0x05, 0x0A, 0x01, 0x61, 0x18, 0x09]) == .unknownTokenType(id: 0, value: 9))
    }
}
