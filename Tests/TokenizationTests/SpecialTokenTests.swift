import ModelFiles
import TestSupport
import Testing

@testable import Tokenization

/// Which token is which.
@Suite struct SpecialTokenTests {
    private func load(_ metadata: GGUFMetadata) throws -> Tokenizer {
        var reader = GGUFTokenizerReader(metadata: metadata, name: "test.gguf")
        return try Tokenizer(reader.read(nil))
    }

    @Test func byteLevelGGUF() throws {
        let tokenizer = try load(TestVocabulary.byteLevel())
        #expect(tokenizer.kind == .byteLevelBPE && tokenizer.preTokenizerName == "gpt-2")
        #expect(tokenizer.vocabularySize == 260 && tokenizer.eosToken == 259 && tokenizer.bosToken == nil)
        #expect(!tokenizer.addsBOS && !tokenizer.addsEOS)
        #expect(tokenizer.endOfGeneration == [259])
        #expect(tokenizer.encode("hell<|endoftext|>") == [258, 259])
        #expect(tokenizer.encode("he<|endoftext|>", parseSpecialTokens: false).count == 14)
        #expect(tokenizer.id(of: "hell") == 258 && tokenizer.piece(of: 257) == "ll" && tokenizer.piece(of: 260) == nil)
        #expect(tokenizer.bytes(of: 32) == [32] && tokenizer.piece(of: 32) == "Ġ" && tokenizer.bytes(of: -1).isEmpty)
        #expect(tokenizer.neverSampled(tableSize: 262) == [260, 261])
        #expect(tokenizer.isPadding(261) && !tokenizer.isPadding(259))
    }

    @Test func fillersAreNeitherMatchedNorSampled() throws {
        var metadata = TestVocabulary.byteLevel()
        let tokens = TestVocabulary.alphabet + ["he", "ll", "hell", "<|endoftext|>", "[PAD260]", "[PAD9]"]
        metadata["tokenizer.ggml.tokens"] = .strings(GGUFStringArray(tokens))
        let types = [Int32](repeating: 1, count: 259) + [3, 4, 4]
        metadata["tokenizer.ggml.token_type"] = .numbers(GGUFNumbers(types))
        let tokenizer = try load(metadata)
        #expect(tokenizer.neverSampled == [260])
        #expect(!tokenizer.encode("[PAD260]").contains(260))
        #expect(tokenizer.encode("x[PAD9]").last == 261)
    }

    @Test func sentencePieceGGUF() throws {
        let tokenizer = try load(TestVocabulary.sentencePiece())
        #expect(tokenizer.bosToken == 1 && tokenizer.eosToken == 2 && tokenizer.unknownToken == 0 && tokenizer.addsBOS)
        #expect(tokenizer.endOfGeneration == [2])
        #expect(tokenizer.encode("ab a", addSpecialTokens: true) == [1, 262, 261, 262])
        // The prefix space comes again after a control token.
        #expect(tokenizer.encode("a</s>a") == [262, 2, 262])
        #expect(tokenizer.encode("a</s>", parseSpecialTokens: false).contains(2) == false)
        #expect(tokenizer.encode("") == [])
    }

    @Test func configurationNamesTokens() throws {
        let added = #"[{"id":257,"content":"<e>","special":true},{"id":258,"content":"<|im_end|>","special":true}]"#
        let tokenizer = try Tokenizer.load(
            tokenizerJSON: TestVocabulary.json(added: added),
            tokenizerConfig: ["eos_token": ["content": "<e>"], "pad_token": "<|im_end|>", "bos_token": nil],
            generationConfig: ["eos_token_id": [257, 256], "bos_token_id": 257])
        #expect(tokenizer.eosToken == 257 && tokenizer.paddingToken == 258 && tokenizer.bosToken == 257)
        #expect(tokenizer.endOfGeneration == [256, 257, 258])
    }

    /// Files of November and December 2023 do not name their pre-tokenizer.
    @Test(.enabled(if: SharedFiles.has("vocab/gpt-neox-nov2023.vocab.gguf"), "shared/vocab is not here"))
    func stableLM3B() throws {
        let path = try #require(SharedFiles.path("vocab/gpt-neox-nov2023.vocab.gguf"))
        let tokenizer = try Tokenizer.load(gguf: GGUFFile(path: path))
        #expect(tokenizer.preTokenizerName == "olmo" && tokenizer.warnings.count == 1)
        #expect(tokenizer.endOfGeneration == [0] && tokenizer.neverSampled.first == 50277)
        #expect(tokenizer.encode("<|user|>") == [29, 93, 4537, 49651])
        #expect(tokenizer.encode("<|assistant|>") == [29, 93, 515, 5567, 49651])
        #expect(tokenizer.encode(" 2023") == [1384, 1508] && tokenizer.encode("don't") == [9903, 626])
        #expect(tokenizer.encode("<|endoftext|>") == [0] && tokenizer.encode("[PAD50277]").count > 1)
    }

    /// SentencePiece merges through unused pieces and takes them apart again at the end.
    @Test func unusedPieces() throws {
        var metadata = TestVocabulary.sentencePiece()
        let types: [Int32] = [2, 3, 3] + [Int32](repeating: 6, count: 256) + [1, 1, 1, 5, 1, 1]
        metadata["tokenizer.ggml.token_type"] = .numbers(GGUFNumbers(types))
        let tokenizer = try load(metadata)
        #expect(tokenizer.encode("a ab") == [259, 260, 259, 260, 261])
        #expect(tokenizer.encode("bab") == [259, 261, 263])
    }

    @Test func loadsByPath() throws {
        for name in ["neox.json", "spm-bytes.model"] {
            let tokenizer = try Tokenizer.load(path: Golden.path("tokenization/" + name))
            #expect(tokenizer.kind == (name == "neox.json" ? .byteLevelBPE : .sentencePiece))
        }
        for path in ["/nonexistent", Golden.path("tokenization"), Golden.path("tokenization/strings.bin")] {
            #expect(throws: TokenizerError.self) { try Tokenizer.load(path: path) }
        }
    }
}
