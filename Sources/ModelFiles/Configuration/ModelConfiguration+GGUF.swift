import TensorCore

extension ModelConfiguration {
    /// Reads the hyper-parameters of a GGUF file from its metadata, and from which tensors it has.
    ///
    /// Old files lack keys: `attention.head_count_kv` is then the number of heads, `rope.freq_base` 10000. The vocabulary is
    /// as large as the embedding table. `use_parallel_residual` is not believed, for converters wrote it wrongly: a
    /// StableLM without `ffn_norm` is parallel, others are not.
    /// - Throws: ``ConfigurationError``, and ``GGUFError`` for values of the wrong type.
    public init(gguf file: GGUFFile) throws {
        self = try GGUFConfiguration(file).configuration()
        try validate()
    }
}

/// The metadata of one GGUF file being read.
private struct GGUFConfiguration {
    let file: GGUFFile
    let architecture: ModelConfiguration.Architecture

    init(_ file: GGUFFile) throws {
        self.file = file
        guard let name = try file.metadata.string("general.architecture") else {
            throw ConfigurationError.missing("what it is (general.architecture)")
        }
        guard let architecture = ModelConfiguration.Architecture(rawValue: name) else {
            throw ConfigurationError.unknownArchitecture(name)
        }
        self.architecture = architecture
    }

    func configuration() throws -> ModelConfiguration {
        try refuseUnsupported()
        let isStableLM = architecture == .stablelm
        let embedding = try integer("embedding_length")
        let heads = try integer("attention.head_count")
        let headDimension =
            try optional("attention.key_length")
            ?? ModelConfiguration.derivedHeadDimension(embeddingLength: embedding, headCount: heads)
        if let valueLength = try optional("attention.value_length"), valueLength != headDimension {
            throw ConfigurationError.unsupported("a value length (\(valueLength)) unlike the key length")
        }
        guard let table = file[tensor: "token_embd.weight"] else {
            throw CheckpointError.missingTensor("token_embd.weight")
        }
        let epsilonKey = isStableLM ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon"
        guard let epsilon = try file.metadata.float(key(epsilonKey)) else {
            throw ConfigurationError.missing(key(epsilonKey))
        }
        return ModelConfiguration(
            architecture: architecture,
            vocabularySize: try table.matrix.rows,
            embeddingLength: embedding,
            layerCount: try integer("block_count"),
            feedForwardLength: try integer("feed_forward_length"),
            headCount: heads,
            keyValueHeadCount: try optional("attention.head_count_kv") ?? heads,
            headDimension: headDimension,
            rotaryDimensions: try optional("rope.dimension_count") ?? headDimension,
            rotaryPairing: isStableLM ? .halves : .adjacent,
            ropeBase: Double(try file.metadata.float(key("rope.freq_base")) ?? 10000),
            ropeScaling: try ropeScaling(),
            hasRopeFactors: file[tensor: Checkpoint.ropeFactors] != nil,
            norm: isStableLM ? .layer : .rms,
            normEpsilon: epsilon,
            contextLength: try integer("context_length"),
            parallelResidual: isStableLM && file[tensor: "blk.0.ffn_norm.weight"] == nil,
            qkvBias: has("blk.0.attn_q.bias") || has("blk.0.attn_qkv.bias"),
            attentionOutputBias: has("blk.0.attn_output.bias"),
            qkNorm: isStableLM && has("blk.0.attn_q_norm.weight"),
            tiedEmbeddings: !has("output.weight")
        )
    }

    private func refuseUnsupported() throws {
        if let experts = try optional("expert_count"), experts > 1 {
            throw ConfigurationError.unsupported("a mixture of \(experts) experts")
        }
    }

    private func ropeScaling() throws -> RopeScaling {
        let metadata = file.metadata
        if let old = try metadata.float(key("rope.scale_linear")), old != 1 { return .linear(factor: Double(old)) }
        let type = try metadata.string(key("rope.scaling.type")) ?? "none"
        // A factor of 0 is how llama.cpp says that there is none.
        let given = try metadata.float(key("rope.scaling.factor"))
        let factor = given == 0 ? nil : given.map(Double.init)
        switch type {
        case "none": return .none
        case "linear": return factor.map { .linear(factor: $0) } ?? .none
        case "yarn":
            guard let factor else { throw ConfigurationError.missing(key("rope.scaling.factor")) }
            var yarn = YarnScaling(
                factor: factor,
                originalContextLength: try optional("rope.scaling.original_context_length")
                    ?? integer("context_length"))
            if let fast = try metadata.float(key("rope.scaling.yarn_beta_fast")) { yarn.betaFast = Double(fast) }
            if let slow = try metadata.float(key("rope.scaling.yarn_beta_slow")) { yarn.betaSlow = Double(slow) }
            if let share = try metadata.float(key("rope.scaling.yarn_ext_factor")), share >= 0 {
                yarn.extrapolationFactor = Double(share)
            }
            if let attention = try metadata.float(key("rope.scaling.yarn_attn_factor")), attention > 0 {
                yarn.attentionFactor = Double(attention)
            }
            if let attention = try metadata.float(key("rope.scaling.attn_factor")) {
                yarn.attentionFactor *= Double(attention)
            }
            return .yarn(yarn)
        default: throw ConfigurationError.unsupported("rope scaling \"\(type)\"")
        }
    }

    private func key(_ name: String) -> String { "\(architecture.rawValue).\(name)" }

    private func has(_ tensor: String) -> Bool { file[tensor: tensor] != nil }

    private func optional(_ name: String) throws -> Int? { try file.metadata.int(key(name)) }

    private func integer(_ name: String) throws -> Int {
        guard let value = try optional(name) else { throw ConfigurationError.missing(key(name)) }
        return value
    }
}
