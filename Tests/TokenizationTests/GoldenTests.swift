import ModelFiles
import TestSupport
import Testing
import Tokenization

/// Token numbers are those of `tokenizers` and `sentencepiece`, for small vocabularies of every kind.
@Suite struct GoldenTests {
    @Test(arguments: [
        "gpt2", "prefix-space", "neox", "arcade", "qwen", "llama3", "digits", "llama", "metaspace-first",
        "metaspace-always",
    ])
    func tokenizerJSON(_ name: String) throws {
        let tokenizer = try Tokenizer.load(tokenizerJSON: Golden.bytes("tokenization/\(name).json"))
        try GoldenTexts.compare(tokenizer, with: name)
    }

    @Test func specialTokensAsPlainText() throws {
        let tokenizer = try Tokenizer.load(tokenizerJSON: Golden.bytes("tokenization/neox.json"))
        try GoldenTexts.compare(tokenizer, with: "neox-plain", parseSpecialTokens: false)
    }

    @Test(arguments: ["spm-bytes", "spm-unknown", "spm-joined"])
    func sentencePiece(_ name: String) throws {
        let config: JSONValue = ["add_bos_token": false]
        let tokenizer = try Tokenizer.load(
            sentencePiece: Golden.bytes("tokenization/\(name).model"), tokenizerConfig: config)
        try GoldenTexts.compare(tokenizer, with: name, parseSpecialTokens: false)
    }
}

/// The same for the real vocabularies, where they are at hand.
@Suite struct RealVocabularyTests {
    @Test(
        .enabled(if: SharedFiles.has("vocab/gpt-neox-tokenizer.json"), "shared/vocab is not here"),
        arguments: ["gpt-neox": "real-gpt-neox", "arcade100k": "real-arcade100k"])
    func tokenizerJSON(_ file: String, _ golden: String) throws {
        let path = try #require(SharedFiles.path("vocab/\(file)-tokenizer.json"))
        let tokenizer = try Tokenizer.load(tokenizerJSON: Files.bytes(path))
        try GoldenTexts.compare(tokenizer, with: golden)
    }

    @Test(.enabled(if: SharedFiles.has("vocab/gpt-neox-nov2023.vocab.gguf"), "shared/vocab is not here"))
    func stableLM3B() throws {
        let file = try GGUFFile(path: #require(SharedFiles.path("vocab/gpt-neox-nov2023.vocab.gguf")))
        try GoldenTexts.compare(Tokenizer.load(gguf: file), with: "real-stablelm-3b")
    }

    @Test(.enabled(if: SharedFiles.has("vocab/llama-spm.vocab.gguf"), "shared/vocab is not here"))
    func llama() throws {
        let file = try GGUFFile(path: #require(SharedFiles.path("vocab/llama-spm.vocab.gguf")))
        let tokenizer = try Tokenizer.load(gguf: file)
        // `sentencepiece` neither adds the begin token nor reads control tokens.
        try GoldenTexts.compare(tokenizer, with: "real-llama-spm", parseSpecialTokens: false, addSpecialTokens: false)
    }
}
