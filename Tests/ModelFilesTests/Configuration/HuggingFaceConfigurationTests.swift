import ModelFiles
import TestSupport
import Testing

@Suite struct HuggingFaceConfigurationTests {
    /// A small config of `type` with `members` (JSON) added.
    private func configuration(_ type: String, _ members: String = "") throws -> ModelConfiguration {
        let text = """
            {"model_type": "\(type)", "hidden_size": 64, "num_attention_heads": 4, "num_hidden_layers": 2,
             "intermediate_size": 96, "vocab_size": 264, "max_position_embeddings": 256\(members.isEmpty ? "" : ", ")\(members)}
            """
        return try ModelConfiguration(huggingFace: JSONValue(parsing: text).asObject())
    }

    @Test func readsEveryDialectOfStableLM() throws {
        var expected = ModelConfiguration(
            architecture: .stablelm, vocabularySize: 264, embeddingLength: 64, layerCount: 2, feedForwardLength: 96,
            headCount: 4, keyValueHeadCount: 4, headDimension: 16, rotaryDimensions: 8, rotaryPairing: .halves,
            ropeBase: 20000, norm: .layer, normEpsilon: 1e-6, contextLength: 256)
        for members in [
            #""rope_pct": 0.5, "norm_eps": 1e-6, "rope_theta": 20000"#,
            #""partial_rotary_factor": 0.5, "layer_norm_eps": 1e-6, "rope_theta": 20000.0"#,
            #""layer_norm_eps": 1e-6, "dtype": "bfloat16", "rope_parameters": {"rope_type": "default", "#
                + #""partial_rotary_factor": 0.5, "rope_theta": 20000.0}"#,
            #""num_key_value_heads": null, "rope_pct": 0.5, "norm_eps": 1e-6, "rope_theta": 20000, "rope_scaling": null"#,
        ] {
            #expect(try configuration("stablelm", members) == expected)
            #expect(try configuration("stablelm_epoch", members) == expected)
        }
        expected.rotaryDimensions = 4
        expected.ropeBase = 10000
        expected.normEpsilon = 1e-5
        #expect(try configuration("stablelm") == expected)
        expected.parallelResidual = true
        expected.qkvBias = true
        expected.qkNorm = true
        expected.keyValueHeadCount = 2
        expected.tiedEmbeddings = true
        let all =
            #""use_parallel_residual": true, "use_qkv_bias": true, "qk_layernorm": true, "num_key_value_heads": 2, "#
            + #""tie_word_embeddings": true"#
        #expect(try configuration("stablelm", all) == expected)
    }

    @Test func readsLlamaAndMistral() throws {
        var expected = ModelConfiguration(
            architecture: .llama, vocabularySize: 264, embeddingLength: 64, layerCount: 2, feedForwardLength: 96,
            headCount: 4, keyValueHeadCount: 4, headDimension: 16, rotaryDimensions: 16, rotaryPairing: .halves,
            norm: .rms, normEpsilon: 1e-6, contextLength: 256)
        #expect(try configuration("llama") == expected)
        #expect(try configuration("llama", #""sliding_window": 4096"#) == expected)
        expected.slidingWindow = 4096
        #expect(try configuration("mistral", #""num_key_value_heads": null"#) == expected)
        #expect(try configuration("mistral", #""num_key_value_heads": 4"#) == expected)
        expected.slidingWindow = 16
        #expect(try configuration("mistral", #""sliding_window": 16, "num_key_value_heads": null"#) == expected)
        expected.slidingWindow = nil
        expected.headDimension = 32
        expected.rotaryDimensions = 32
        let wide = #""sliding_window": null, "num_key_value_heads": null, "head_dim": 32"#
        #expect(try configuration("mistral", wide) == expected)
        expected.qkvBias = true
        expected.attentionOutputBias = true
        #expect(try configuration("llama", #""head_dim": 32, "attention_bias": true"#) == expected)
    }

    @Test func readsEveryFormOfRopeScaling() throws {
        func scaling(_ members: String) throws -> RopeScaling { try configuration("llama", members).ropeScaling }
        #expect(try scaling(#""rope_scaling": {"type": "linear", "factor": 4}"#) == .linear(factor: 4))
        #expect(try scaling(#""rope_parameters": {"rope_type": "linear", "factor": 4.0}"#) == .linear(factor: 4))
        #expect(try scaling(#""rope_scaling": {"rope_type": "default"}"#) == .none)
        #expect(
            try scaling(#""rope_scaling": {"type": "yarn", "factor": 4, "original_max_position_embeddings": 64}"#)
                == .yarn(YarnScaling(factor: 4, originalContextLength: 64)))
        let yarn =
            #""rope_parameters": {"rope_type": "yarn", "factor": null, "original_max_position_embeddings": 32, "#
            + #""beta_fast": 16, "beta_slow": 2, "truncate": false, "mscale": 1.0, "mscale_all_dim": 1.0}"#
        #expect(
            try scaling(yarn)
                == .yarn(
                    YarnScaling(
                        factor: 8, originalContextLength: 32, betaFast: 16, betaSlow: 2, attentionFactor: 1,
                        truncate: false)))
        let llama3 =
            #""rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "#
            + #""original_max_position_embeddings": 64}"#
        #expect(
            try scaling(llama3)
                == .llama3(factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 64))
    }

    @Test(arguments: [
        (#""num_attention_heads": 0"#, "head count"),
        (#""num_attention_heads": 5"#, "does not divide"),
        (#""num_attention_heads": -4"#, "must be positive"),
        (#""num_attention_heads": "4""#, "a string where a number should be in num_attention_heads"),
        (#""num_attention_heads": 4.0"#, "whole number in num_attention_heads"),
        (#""num_attention_heads": 99999999999999999999"#, "too large in num_attention_heads"),
        (#""num_attention_heads": [4]"#, "an array where a number should be in num_attention_heads"),
        (#""num_attention_heads": null"#, "does not say head count"),
        (#""hidden_size": 0"#, "embedding length"),
        (#""hidden_size": 4611686018427387904"#, "more than the limit"),
        (#""num_hidden_layers": 0"#, "layer count"),
        (#""num_hidden_layers": 1000000"#, "more than the limit"),
        (#""intermediate_size": -1"#, "feed-forward length"),
        (#""vocab_size": 0"#, "vocabulary size"),
        (#""vocab_size": 9223372036854775807"#, "more than the limit"),
        (#""max_position_embeddings": 0"#, "context length"),
        (#""max_position_embeddings": 9223372036854775807"#, "more than the limit"),
        (#""num_key_value_heads": 0"#, "key-value head count"),
        (#""num_key_value_heads": 3"#, "does not divide head count"),
        (#""num_key_value_heads": 8"#, "exceeds head count"),
        (#""head_dim": 15"#, "must be even"),
        (#""head_dim": 0"#, "must be positive"),
        (#""head_dim": 1000000"#, "more than the limit"),
        (#""rms_norm_eps": 0"#, "norm epsilon"),
        (#""rms_norm_eps": -1e-5"#, "norm epsilon"),
        (#""rms_norm_eps": 1e300"#, "not a finite number"),
        (#""rms_norm_eps": NaN"#, "NaN is not a JSON number"),
        (#""rope_theta": NaN"#, "NaN is not a JSON number"),
        (#""rope_theta": Infinity"#, "Infinity is not a JSON number"),
        (#""rope_theta": 0"#, "rope base"),
        (#""rope_theta": -1"#, "rope base"),
        (#""rope_scaling": {"type": "linear", "factor": 0}"#, "rope scaling factor"),
        (#""rope_scaling": {"type": "linear"}"#, "rope scaling factor"),
        (#""rope_scaling": {"type": "dynamic", "factor": 2}"#, "\"dynamic\" is not supported"),
        (#""rope_scaling": {"type": "yarn", "factor": 2, "original_max_position_embeddings": 0}"#, "original context"),
        (#""rope_scaling": {"type": "yarn", "factor": 2, "beta_slow": 64}"#, "beta_slow"),
        (#""rope_scaling": {"rope_type": "llama3", "factor": 2}"#, "low_freq_factor"),
        (#""rope_scaling": 3"#, "a number where an object should be in rope_scaling"),
        (#""partial_rotary_factor": 0.5"#, "partial_rotary_factor of 0.5"),
        (#""hidden_act": "gelu""#, "the activation gelu"),
        (#""mlp_bias": true"#, "bias in the MLP"),
        (#""num_local_experts": 8"#, "8 experts"),
        (#""quantization_config": {"quant_method": "awq"}"#, "already quantized by awq"),
        (#""architectures": 3"#, "architectures"),
        (#""tie_word_embeddings": 1"#, "a number where a boolean"),
    ])
    func refusesWithANamedError(member: String, words: String) throws {
        // The member replaces the sample's own, so that no key comes twice.
        let key = member.dropFirst().prefix { $0 != "\"" }
        let sample = [
            ("model_type", #""llama""#), ("hidden_size", "64"), ("num_attention_heads", "4"),
            ("num_hidden_layers", "2"), ("intermediate_size", "96"), ("vocab_size", "264"),
            ("max_position_embeddings", "256"),
        ]
        let members = sample.filter { $0.0 != key }.map { "\"\($0.0)\": \($0.1)" } + [member]
        let text = "{" + members.joined(separator: ", ") + "}"
        let error = #expect(throws: (any Error).self) {
            try ModelConfiguration(huggingFace: JSONValue(parsing: text).asObject())
        }
        #expect("\(error.map { "\($0)" } ?? "nothing")".contains(words), "\(String(describing: error))")
        #expect(error is ConfigurationError || error is JSONError)
    }

    @Test(arguments: [
        (#""partial_rotary_factor": 0"#, "must be positive"),
        (#""partial_rotary_factor": 1.5"#, "exceeds"),
        (#""partial_rotary_factor": 0.01"#, "must be positive"),
        (#""partial_rotary_factor": 0.2"#, "must be even"),
        (#""rope_pct": "a quarter""#, "a string where a number should be in rope_pct"),
    ])
    func refusesBadRotaryShares(member: String, words: String) {
        let error = #expect(throws: ConfigurationError.self) { try configuration("stablelm", member) }
        #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    }

    @Test func namesUnknownArchitectures() {
        for name in ["gpt2", "stablelm_alpha", "Llama", ""] {
            let error = #expect(throws: ConfigurationError.self) { try configuration(name) }
            #expect(error == .unknownArchitecture(name))
            #expect(error?.description.contains("supported are stablelm") == true)
        }
        let error = #expect(throws: ConfigurationError.self) {
            try ModelConfiguration(huggingFace: JSONObject())
        }
        #expect(error == .missing("what it is (model_type in config.json)"))
    }

    @Test func presetsAreValid() throws {
        for preset in ModelConfiguration.presets { try preset.configuration.validate() }
    }
}
