import ModelFiles

extension ModelConfiguration {
    /// Writes the keys under the name of the architecture, each with the type readers expect.
    ///
    /// - Parameter hasExplicitHeadDimension: Whether the checkpoint gives the width of a head, so that it must be written.
    func write(to metadata: inout GGUFMetadata, hasExplicitHeadDimension: Bool) {
        var writer = KeyWriter(prefix: architecture.rawValue + ".", metadata: metadata)
        writer.integer("context_length", contextLength)
        writer.integer("embedding_length", embeddingLength)
        writer.integer("block_count", layerCount)
        writer.integer("feed_forward_length", feedForwardLength)
        writer.integer("rope.dimension_count", rotaryDimensions)
        writer.integer("attention.head_count", headCount)
        writer.integer("attention.head_count_kv", keyValueHeadCount)
        switch architecture {
        case .stablelm:
            writer.value("use_parallel_residual", .bool(parallelResidual))
            writer.value("attention.layer_norm_epsilon", .float32(normEpsilon))
            if ropeBase != 10000 { writer.number("rope.freq_base", ropeBase) }
        case .llama:
            writer.number("rope.freq_base", ropeBase)
            writer.value("attention.layer_norm_rms_epsilon", .float32(normEpsilon))
            writer.integer("vocab_size", vocabularySize)
        }
        if hasExplicitHeadDimension || headDimension * headCount != embeddingLength {
            writer.integer("attention.key_length", headDimension)
            writer.integer("attention.value_length", headDimension)
        }
        writer.scaling(ropeScaling)
        metadata = writer.metadata
    }
}

private struct KeyWriter {
    let prefix: String
    var metadata: GGUFMetadata

    mutating func value(_ key: String, _ value: GGUFValue) { metadata[prefix + key] = value }
    mutating func integer(_ key: String, _ number: Int) { value(key, .uint32(UInt32(clamping: number))) }
    mutating func number(_ key: String, _ number: Double) { value(key, .float32(Float(number))) }

    mutating func scaling(_ scaling: RopeScaling) {
        switch scaling {
        case .none, .llama3: break  // Llama 3's is a tensor, rope_freqs.weight.
        case .linear(let factor):
            value("rope.scaling.type", .string("linear"))
            number("rope.scaling.factor", factor)
        case .yarn(let yarn):
            let plain = YarnScaling(factor: yarn.factor, originalContextLength: yarn.originalContextLength)
            value("rope.scaling.type", .string("yarn"))
            number("rope.scaling.factor", yarn.factor)
            integer("rope.scaling.original_context_length", yarn.originalContextLength)
            if yarn.attentionFactor != plain.attentionFactor {
                number("rope.scaling.yarn_attn_factor", yarn.attentionFactor)
            }
            if yarn.betaFast != plain.betaFast { number("rope.scaling.yarn_beta_fast", yarn.betaFast) }
            if yarn.betaSlow != plain.betaSlow { number("rope.scaling.yarn_beta_slow", yarn.betaSlow) }
        }
    }
}
