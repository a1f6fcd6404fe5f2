extension ModelConfiguration {
    /// Reads the contents of a Hugging Face `config.json`, in any of its dialects.
    ///
    /// Model types `stablelm`, `stablelm_epoch`, `llama` and `mistral`; names of before and after their StableLM port to
    /// transformers (`rope_pct` or `partial_rotary_factor`, `norm_eps` or `layer_norm_eps`), and transformers 5's
    /// `rope_parameters`. Absent members get the defaults transformers gives them.
    /// - Throws: ``ConfigurationError``.
    public init(huggingFace config: JSONObject) throws(ConfigurationError) {
        do {
            self = try HuggingFaceConfiguration(config).configuration()
        } catch let error as ConfigurationError {
            throw error
        } catch let error as JSONError {
            throw .json(error)
        } catch {
            throw .unsupported("\(error)")
        }
        try validate()
    }
}

/// One `config.json` being read.
private struct HuggingFaceConfiguration {
    let config: JSONObject
    /// Rotary settings: `rope_parameters` of transformers 5, else `rope_scaling`, else nothing.
    let rope: JSONObject
    let modelType: String

    init(_ config: JSONObject) throws {
        self.config = config
        rope = try config.object("rope_parameters") ?? config.object("rope_scaling") ?? JSONObject()
        let className = try config.array("architectures")?.first?.asString()
        guard let name = try config.string("model_type") ?? className else {
            throw ConfigurationError.missing("what it is (model_type in config.json)")
        }
        modelType = name
    }

    func configuration() throws -> ModelConfiguration {
        try refuseUnsupported()
        switch modelType {
        case "stablelm", "stablelm_epoch", "StableLmForCausalLM", "StableLMEpochForCausalLM",
            "LlavaStableLMEpochForCausalLM":
            return try stablelm()
        case "llama", "LlamaForCausalLM", "LLaMAForCausalLM": return try llama(isMistral: false)
        case "mistral", "MistralForCausalLM": return try llama(isMistral: true)
        default: throw ConfigurationError.unknownArchitecture(modelType)
        }
    }

    private func stablelm() throws -> ModelConfiguration {
        let embedding = try integer("hidden_size", ModelConfiguration.Name.embedding)
        let heads = try integer("num_attention_heads", ModelConfiguration.Name.heads)
        let headDimension = try ModelConfiguration.derivedHeadDimension(embeddingLength: embedding, headCount: heads)
        let share =
            try rope.double("partial_rotary_factor") ?? config.double("partial_rotary_factor")
            ?? config.double("rope_pct") ?? 0.25
        guard share > 0 else { throw ConfigurationError.notPositive(ModelConfiguration.Name.rotary, value: "\(share)") }
        guard share <= 1 else {
            throw ConfigurationError.exceeds(
                ModelConfiguration.Name.rotary, value: "\(share)", limit: "a whole head", limitValue: "1")
        }
        return ModelConfiguration(
            architecture: .stablelm,
            vocabularySize: try integer("vocab_size", ModelConfiguration.Name.vocabulary),
            embeddingLength: embedding,
            layerCount: try integer("num_hidden_layers", ModelConfiguration.Name.layers),
            feedForwardLength: try integer("intermediate_size", ModelConfiguration.Name.feedForward),
            headCount: heads,
            keyValueHeadCount: try config.int("num_key_value_heads") ?? heads,
            headDimension: headDimension,
            rotaryDimensions: Int(share * Double(headDimension)),
            rotaryPairing: .halves,
            ropeBase: try ropeBase(),
            ropeScaling: try ropeScaling(),
            norm: .layer,
            normEpsilon: Float(try config.double("layer_norm_eps") ?? config.double("norm_eps") ?? 1e-5),
            contextLength: try integer("max_position_embeddings", ModelConfiguration.Name.context),
            parallelResidual: try config.bool("use_parallel_residual") ?? false,
            qkvBias: try config.bool("use_qkv_bias") ?? false,
            qkNorm: try config.bool("qk_layernorm") ?? false,
            tiedEmbeddings: try config.bool("tie_word_embeddings") ?? false
        )
    }

    private func llama(isMistral: Bool) throws -> ModelConfiguration {
        let embedding = try integer("hidden_size", ModelConfiguration.Name.embedding)
        let heads = try integer("num_attention_heads", ModelConfiguration.Name.heads)
        let headDimension =
            try config.int("head_dim")
            ?? ModelConfiguration.derivedHeadDimension(embeddingLength: embedding, headCount: heads)
        let share = try rope.double("partial_rotary_factor") ?? config.double("partial_rotary_factor") ?? 1
        guard share == 1 else { throw ConfigurationError.unsupported("a partial_rotary_factor of \(share) for Llama") }
        // MistralConfig has a window of 4096 and 8 key-value heads unless the file says null.
        let window: Int? = isMistral && config["sliding_window"] == nil ? 4096 : try config.int("sliding_window")
        let keyValueHeads =
            isMistral && config["num_key_value_heads"] == nil ? 8 : try config.int("num_key_value_heads") ?? heads
        let bias = try config.bool("attention_bias") ?? false
        return ModelConfiguration(
            architecture: .llama,
            vocabularySize: try integer("vocab_size", ModelConfiguration.Name.vocabulary),
            embeddingLength: embedding,
            layerCount: try integer("num_hidden_layers", ModelConfiguration.Name.layers),
            feedForwardLength: try integer("intermediate_size", ModelConfiguration.Name.feedForward),
            headCount: heads,
            keyValueHeadCount: keyValueHeads,
            headDimension: headDimension,
            rotaryDimensions: headDimension,
            rotaryPairing: .halves,
            ropeBase: try ropeBase(),
            ropeScaling: try ropeScaling(),
            norm: .rms,
            normEpsilon: Float(try config.double("rms_norm_eps") ?? config.double("norm_eps") ?? 1e-6),
            contextLength: try integer("max_position_embeddings", ModelConfiguration.Name.context),
            slidingWindow: isMistral ? window : nil,
            qkvBias: bias,
            attentionOutputBias: bias,
            tiedEmbeddings: try config.bool("tie_word_embeddings") ?? false
        )
    }

    private func refuseUnsupported() throws {
        if let method = try config.object("quantization_config"), try method.string("quant_method") != "gptq" {
            let name = try method.string("quant_method") ?? "unknown"
            throw ConfigurationError.unsupported("a checkpoint already quantized by \(name)")
        }
        for key in ["num_local_experts", "num_experts"] {
            if let experts = try config.int(key), experts > 1 {
                throw ConfigurationError.unsupported("a mixture of \(experts) experts")
            }
        }
        let activation = try config.string("hidden_act") ?? "silu"
        guard activation == "silu" || activation == "swish" else {
            throw ConfigurationError.unsupported("the activation \(activation)")
        }
        if try config.bool("mlp_bias") ?? false { throw ConfigurationError.unsupported("a bias in the MLP") }
    }

    private func ropeBase() throws -> Double {
        try rope.double("rope_theta") ?? config.double("rope_theta") ?? 10000
    }

    private func ropeScaling() throws -> RopeScaling {
        let type = try rope.string("rope_type") ?? rope.string("type") ?? "default"
        switch type {
        case "default": return .none
        case "linear": return .linear(factor: try factor())
        case "yarn":
            let context = try originalContext() ?? integer("max_position_embeddings", ModelConfiguration.Name.context)
            let position = try config.int("max_position_embeddings")
            let stretch = try rope.double("factor") ?? Double(position ?? context) / Double(max(context, 1))
            var attention = try rope.double("attention_factor")
            if attention == nil, let weight = try rope.double("mscale"), let all = try rope.double("mscale_all_dim"),
                weight != 0, all != 0
            {
                attention = YarnScaling.magnitude(stretch, weight: weight) / YarnScaling.magnitude(stretch, weight: all)
            }
            return .yarn(
                YarnScaling(
                    factor: stretch, originalContextLength: context,
                    betaFast: try rope.double("beta_fast") ?? 32, betaSlow: try rope.double("beta_slow") ?? 1,
                    attentionFactor: attention, truncate: try rope.bool("truncate") ?? true))
        case "llama3":
            guard let low = try rope.double("low_freq_factor"), let high = try rope.double("high_freq_factor"),
                let context = try originalContext()
            else {
                throw ConfigurationError.missing("low_freq_factor, high_freq_factor and the original context length")
            }
            return .llama3(
                factor: try factor(), lowFrequencyFactor: low, highFrequencyFactor: high,
                originalContextLength: context)
        default: throw ConfigurationError.unsupported("rope scaling \"\(type)\"")
        }
    }

    private func factor() throws -> Double {
        guard let factor = try rope.double("factor") else {
            throw ConfigurationError.missing(ModelConfiguration.Name.scalingFactor)
        }
        return factor
    }

    private func originalContext() throws -> Int? {
        try rope.int("original_max_position_embeddings") ?? config.int("original_max_position_embeddings")
    }

    private func integer(_ key: String, _ name: String) throws -> Int {
        guard let value = try config.int(key) else { throw ConfigurationError.missing(name) }
        return value
    }
}
