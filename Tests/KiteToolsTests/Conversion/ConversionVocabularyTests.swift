import Foundation
import KiteTools
import ModelFiles
import TensorCore
import TestSupport
import Testing

/// A checkpoint with next to no weights, to convert vocabularies with. scripts/golden/conversion.py makes the same.
private enum VocabularyFolder {
    static func config(_ rows: Int) -> JSONValue {
        [
            "architectures": ["StableLmForCausalLM"], "model_type": "stablelm", "hidden_size": 8,
            "intermediate_size": 8, "num_attention_heads": 1, "num_key_value_heads": 1, "num_hidden_layers": 1,
            "max_position_embeddings": 16, "vocab_size": .integer(Int64(rows)), "partial_rotary_factor": 0.25,
            "layer_norm_eps": 1e-5, "use_parallel_residual": false, "bos_token_id": 0, "eos_token_id": 0,
            "tie_word_embeddings": true,
        ]
    }

    static let tokenizerConfig: JSONValue = [
        "tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|endoftext|>",
    ]

    static func write(
        to folder: TemporaryFolder, rows: Int, tokenizer: [UInt8]?, config: JSONValue? = nil,
        tokenizerConfig: JSONValue = tokenizerConfig
    ) throws {
        var weights = SafetensorsWriter()
        func add(_ name: String, _ shape: [Int]) throws {
            let zeros = [UInt8](repeating: 0, count: 4 * shape.reduce(1, *))
            try weights.add(name, type: .f32, shape: shape, data: ByteRegion(.copying(zeros)))
        }
        try add("model.embed_tokens.weight", [rows, 8])
        let block = "model.layers.0."
        for name in ["self_attn.q", "self_attn.k", "self_attn.v", "self_attn.o", "mlp.gate", "mlp.up", "mlp.down"] {
            try add("\(block)\(name)_proj.weight", [8, 8])
        }
        for norm in [block + "input_layernorm", block + "post_attention_layernorm", "model.norm"] {
            try add(norm + ".weight", [8])
            try add(norm + ".bias", [8])
        }
        try weights.write(to: folder.path("vocabulary.safetensors"))
        try FileManager.default.moveItem(
            atPath: folder.path("vocabulary.safetensors"), toPath: folder.path("model.safetensors"))
        try folder.write("config.json", (config ?? self.config(rows)).encoded())
        if let tokenizer { try folder.write("tokenizer.json", tokenizer) }
        try folder.write("tokenizer_config.json", tokenizerConfig.encoded())
    }
}

@Suite struct ConversionVocabularyTests {
    /// Real vocabularies, padded to the rows of the embedding table.
    @Test(
        .enabled(if: SharedFiles.path("vocab/arcade100k-tokenizer.json") != nil, "the real vocabularies are not here"),
        arguments: [("gpt-neox", 50304), ("arcade100k", 100_352)]
    )
    func convertsRealVocabularies(name: String, rows: Int) throws {
        let path = try #require(SharedFiles.path("vocab/\(name)-tokenizer.json"))
        try TemporaryFolder.with { folder in
            let tokenizer = [UInt8](try Data(contentsOf: URL(filePath: path)))
            try VocabularyFolder.write(to: folder, rows: rows, tokenizer: tokenizer)
            let converter = try ModelConverter(
                HuggingFaceFolder(path: folder.path("")), type: .f16, identity: ModelIdentity(name: "Vocabulary"))
            let file = try GGUFFile(.copying(converter.writer().bytes()), name: name)
            let golden: ConverterGolden = try Golden.json("conversion/vocabulary-\(name).json")
            golden.check(file)
        }
    }

    /// The letters that stand for the 256 bytes, in GPT-2's order: those that print, then the others from U+0100.
    private static let alphabet: [String] = {
        let printing = Array(0x21...0x7E) + Array(0xA1...0xAC) + Array(0xAE...0xFF)
        let scalars = printing + (0..<256 - printing.count).map { 0x100 + $0 }
        return scalars.compactMap { Unicode.Scalar($0).map { String($0) } }
    }()

    /// A byte-level tokenizer of 257 tokens and three added ones, after `change`.
    private func tokenizer(_ change: (inout JSONObject) -> Void = { _ in }) throws -> [UInt8] {
        var object = try JSONValue(
            parsing: #"""
                {"version": "1.0", "added_tokens": [
                   {"id": 257, "content": "<|end|>", "special": true, "normalized": false},
                   {"id": 258, "content": "<pad>", "special": false, "normalized": false},
                   {"id": 259, "content": "user", "special": false, "normalized": true}],
                 "normalizer": null,
                 "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
                 "post_processor": null, "decoder": {"type": "ByteLevel"}}
                """#
        ).asObject()
        object["model"] = model()
        change(&object)
        return try JSONValue.object(object).encoded()
    }

    private func model(_ change: (inout JSONObject) -> Void = { _ in }) -> JSONValue {
        var vocabulary = JSONObject()
        for (id, letter) in (Self.alphabet + ["ab"]).enumerated() { vocabulary[letter] = .integer(Int64(id)) }
        change(&vocabulary)
        return ["type": "BPE", "byte_fallback": false, "vocab": .object(vocabulary), "merges": [["a", "b"]]]
    }

    private func metadata(
        rows: Int = 262, tokenizer: [UInt8]?, config: JSONValue? = nil,
        tokenizerConfig: JSONValue = VocabularyFolder.tokenizerConfig, extra: [String: String] = [:]
    ) throws -> GGUFMetadata {
        try TemporaryFolder.with { folder in
            try VocabularyFolder.write(
                to: folder, rows: rows, tokenizer: tokenizer, config: config, tokenizerConfig: tokenizerConfig)
            for (name, text) in extra { try folder.write(name, Array(text.utf8)) }
            return try ModelConverter(HuggingFaceFolder(path: folder.path("")), type: .f16).metadata()
        }
    }

    @Test func typesTokensAndFillsTheTable() throws {
        let metadata = try metadata(tokenizer: tokenizer(), tokenizerConfig: ["eos_token": ["content": "<|end|>"]])
        let tokens = try metadata.requiredStrings("tokenizer.ggml.tokens").map { String(decoding: $0, as: UTF8.self) }
        #expect(tokens.prefix(256) == Self.alphabet.prefix(256))
        #expect(tokens.suffix(6) == ["ab", "<|end|>", "<pad>", "user", "[PAD260]", "[PAD261]"])
        #expect(try metadata.ints("tokenizer.ggml.token_type")?.suffix(7) == [1, 1, 3, 3, 4, 5, 5])
        #expect(try metadata.requiredStrings("tokenizer.ggml.merges").map { $0 } == [Array("a b".utf8)])
        #expect(try metadata.int("tokenizer.ggml.eos_token_id") == 257)
        #expect(try metadata.int("tokenizer.ggml.bos_token_id") == 0)
        #expect(try metadata.bool("tokenizer.ggml.add_bos_token") == nil)
    }

    @Test func readsAdditionsAndTemplates() throws {
        let json = try tokenizer { object in
            object["post_processor"] = [
                "type": "TemplateProcessing",
                "single": [
                    ["SpecialToken": ["id": "<|end|>", "type_id": 0]], ["Sequence": ["id": "A", "type_id": 0]],
                ],
                "pair": [],
                "special_tokens": ["<|end|>": ["id": "<|end|>", "ids": [257], "tokens": ["<|end|>"]]],
            ]
        }
        let named: JSONValue = [
            "bos_token": "<|end|>", "eos_token": "<|end|>", "add_eos_token": false,
            "chat_template": [
                ["name": "default", "template": "D"], ["name": "tool use", "template": "T"], ["name": "x"],
            ],
        ]
        let metadata = try metadata(tokenizer: json, tokenizerConfig: named)
        #expect(try metadata.int("tokenizer.ggml.bos_token_id") == 257)
        #expect(try metadata.bool("tokenizer.ggml.add_bos_token") == true)
        #expect(try metadata.bool("tokenizer.ggml.add_eos_token") == false)
        #expect(try metadata.string("tokenizer.chat_template") == "D")
        #expect(try metadata.string("tokenizer.chat_template.tool_use") == "T")
        #expect(try metadata.requiredStrings("tokenizer.chat_templates").text(0) == "tool_use")
        let beside = try self.metadata(tokenizer: json, extra: ["chat_template.jinja": "J\n"])
        #expect(try beside.string("tokenizer.chat_template") == "J\n")
    }

    @Test func takesTheLicenceFromTheModelCard() throws {
        let metadata = try metadata(
            tokenizer: tokenizer(), extra: ["README.md": "---\nlanguage: en\nlicense: Apache-2.0\n---\n# Model\n"])
        #expect(try metadata.string("general.license") == "apache-2.0")
    }

    @Test func refusesWithNamedErrors() throws {
        func problem(
            rows: Int = 262, _ json: [UInt8]?, tokenizerConfig: JSONValue = VocabularyFolder.tokenizerConfig,
            config: JSONValue? = nil
        ) -> String {
            do {
                _ = try metadata(rows: rows, tokenizer: json, config: config, tokenizerConfig: tokenizerConfig)
                return "nothing"
            } catch {
                return "\(error)"
            }
        }
        #expect(problem(nil).contains("no tokenizer.json"))
        #expect(problem(Array("{".utf8)).contains("tokenizer.json: JSON ends"))
        #expect(problem(rows: 258, try tokenizer()).contains("the embedding table has 258 rows"))
        let unigram = try tokenizer { $0["model"] = ["type": "Unigram", "vocab": [["a", -1.0]]] }
        #expect(problem(unigram).contains("Unigram"))
        for id: JSONValue in [0, -1, 1.5, 9_000_000_000_000] {
            #expect(problem(try tokenizer { $0["model"] = model { $0["ab"] = id } }) != "nothing")
        }
        var config = try VocabularyFolder.config(262).asObject()
        config["eos_token_id"] = 999
        #expect(problem(try tokenizer(), tokenizerConfig: [:], config: .object(config)).contains("has the id 999"))
        #expect(problem(try tokenizer(), tokenizerConfig: ["added_tokens_decoder": ["x": [:]]]).contains("\"x\""))
    }
}
