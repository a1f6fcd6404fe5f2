import ModelFiles
import TensorCore
import TestSupport
import Testing

@Suite struct GGUFConfigurationTests {
    /// The configuration of a reference file after `change` to its metadata.
    private func configuration(
        _ name: String, _ change: (inout GGUFMetadata) -> Void = { _ in }
    ) throws -> ModelConfiguration {
        var writer = try GGUFWriter(copying: GGUFFile(path: Golden.path("models/\(name)/model.gguf")))
        change(&writer.metadata)
        return try ModelConfiguration(gguf: GGUFFile(.copying(writer.bytes()), name: name))
    }

    @Test func readsWhatOldFilesLack() throws {
        // As of Dec 2023: no head_count_kv, no rope.freq_base, and a parallel residual that is not one.
        let configuration = try configuration("stablelm-3b") { metadata in
            metadata["stablelm.attention.head_count_kv"] = nil
            metadata["stablelm.rope.freq_base"] = nil
            metadata["stablelm.use_parallel_residual"] = .bool(true)
        }
        #expect(
            configuration
                == ModelConfiguration(
                    architecture: .stablelm, vocabularySize: 268, embeddingLength: 80, layerCount: 2,
                    feedForwardLength: 96, headCount: 1, keyValueHeadCount: 1, headDimension: 80, rotaryDimensions: 20,
                    rotaryPairing: .halves, norm: .layer, contextLength: 256))
    }

    @Test func acceptsIntegersOfAnyWidth() throws {
        let expected = try configuration("llama-tied")
        for value: GGUFValue in [.uint64(64), .int32(64), .uint8(64), .int64(64)] {
            #expect(try configuration("llama-tied") { $0["llama.embedding_length"] = value } == expected)
        }
    }

    @Test func readsRopeScaling() throws {
        #expect(try configuration("llama-linear").ropeScaling == .linear(factor: 4))
        #expect(
            try configuration("llama-yarn").ropeScaling == .yarn(YarnScaling(factor: 4, originalContextLength: 32)))
        let yarn = try configuration("llama-yarn") { metadata in
            metadata["llama.rope.scaling.yarn_beta_fast"] = .float32(16)
            metadata["llama.rope.scaling.yarn_beta_slow"] = .float32(2)
            metadata["llama.rope.scaling.yarn_attn_factor"] = .float32(1.25)
            metadata["llama.rope.scaling.yarn_ext_factor"] = .float32(0.5)
        }
        #expect(
            yarn.ropeScaling
                == .yarn(
                    YarnScaling(
                        factor: 4, originalContextLength: 32, betaFast: 16, betaSlow: 2, attentionFactor: 1.25,
                        extrapolationFactor: 0.5)))
        #expect(
            try configuration("llama") { $0["llama.rope.scale_linear"] = .float32(2) }.ropeScaling == .linear(factor: 2)
        )
        #expect(try configuration("llama-3").hasRopeFactors)
        #expect(try configuration("llama-3").ropeScaling == .none)
    }

    @Test(arguments: [
        ("block_count", GGUFValue.uint32(0), "layer count"),
        ("block_count", .uint32(100_000), "more than the limit"),
        ("attention.head_count", .uint32(0), "head count"),
        ("attention.head_count", .uint32(3), "does not divide embedding length"),
        ("attention.head_count", .numbers(GGUFNumbers([4, 4] as [Int32])), "attention.head_count"),
        ("attention.head_count", .string("4"), "attention.head_count"),
        ("attention.head_count_kv", .uint32(0), "key-value head count"),
        ("attention.head_count_kv", .uint32(3), "does not divide head count"),
        ("attention.head_count_kv", .uint32(8), "exceeds head count"),
        ("attention.head_count_kv", .int32(-1), "must be positive"),
        ("embedding_length", .uint32(0), "embedding length"),
        ("feed_forward_length", .uint32(0), "feed-forward length"),
        ("feed_forward_length", .uint64(.max), "feed_forward_length"),
        ("context_length", .uint32(0), "context length"),
        ("context_length", .uint64(1 << 40), "more than the limit"),
        ("rope.dimension_count", .uint32(0), "rotary dimensions"),
        ("rope.dimension_count", .uint32(7), "must be even"),
        ("rope.dimension_count", .uint32(18), "exceeds head dimension"),
        ("rope.freq_base", .float32(.nan), "not a finite number"),
        ("rope.freq_base", .float32(.infinity), "not a finite number"),
        ("rope.freq_base", .float32(0), "must be positive"),
        ("attention.layer_norm_rms_epsilon", .float32(.nan), "not a finite number"),
        ("attention.layer_norm_rms_epsilon", .float32(0), "must be positive"),
        ("attention.layer_norm_rms_epsilon", .string("small"), "layer_norm_rms_epsilon"),
        ("attention.value_length", .uint32(8), "value length (8)"),
        ("rope.scaling.type", .string("longrope"), "\"longrope\" is not supported"),
        ("expert_count", .uint32(8), "8 experts"),
    ])
    func refusesWithANamedError(key: String, value: GGUFValue, words: String) {
        let error = #expect(throws: (any Error).self) {
            try configuration("llama-linear") { $0["llama.\(key)"] = value }
        }
        #expect("\(String(describing: error))".isEmpty == false)
        #expect(error.map { "\($0)" }?.contains(words) == true, "\(String(describing: error))")
        #expect(error is ConfigurationError || error is GGUFError)
    }

    @Test(arguments: [
        "block_count", "embedding_length", "attention.head_count", "context_length", "feed_forward_length",
    ])
    func namesMissingKeys(key: String) {
        let error = #expect(throws: ConfigurationError.self) { try configuration("llama") { $0["llama.\(key)"] = nil } }
        #expect(error == .missing("llama.\(key)"))
    }

    @Test func namesUnknownArchitectures() {
        let error = #expect(throws: ConfigurationError.self) {
            try configuration("llama") { $0["general.architecture"] = .string("gemma3") }
        }
        #expect(error == .unknownArchitecture("gemma3"))
    }
}
