extension ModelConfiguration {
    /// A tensor the model needs.
    package struct RequiredTensor {
        /// Canonical name: the one GGUF files use.
        package let name: String
        /// Name in Hugging Face checkpoints.
        package let huggingFaceName: String
        package let rows: Int
        package let columns: Int
        /// Whether it is a vector (norm weight or bias), not a matrix.
        package let isVector: Bool
    }

    /// Every tensor of the model, canonical order: embeddings, blocks, output.
    package var requiredTensors: [RequiredTensor] {
        var list = TensorList()
        list.matrix("token_embd", "model.embed_tokens", vocabularySize, embeddingLength)
        for layer in 0..<layerCount { appendBlock(layer, to: &list) }
        appendNorm("output_norm", "model.norm", to: &list)
        if !tiedEmbeddings { list.matrix("output", "lm_head", vocabularySize, embeddingLength) }
        return list.tensors
    }

    private func appendBlock(_ layer: Int, to list: inout TensorList) {
        let queryWidth = headCount * headDimension
        let keyWidth = keyValueHeadCount * headDimension
        let (block, source) = ("blk.\(layer).", "model.layers.\(layer).")
        appendNorm(block + "attn_norm", source + "input_layernorm", to: &list)
        for (name, long, rows) in [("q", "q_proj", queryWidth), ("k", "k_proj", keyWidth), ("v", "v_proj", keyWidth)] {
            list.matrix(block + "attn_" + name, source + "self_attn." + long, rows, embeddingLength)
            if qkvBias { list.vector(block + "attn_\(name).bias", source + "self_attn.\(long).bias", rows) }
        }
        if qkNorm {
            list.matrix(block + "attn_q_norm", source + "self_attn.q_layernorm", headCount, headDimension)
            list.matrix(block + "attn_k_norm", source + "self_attn.k_layernorm", keyValueHeadCount, headDimension)
        }
        list.matrix(block + "attn_output", source + "self_attn.o_proj", embeddingLength, queryWidth)
        if attentionOutputBias {
            list.vector(block + "attn_output.bias", source + "self_attn.o_proj.bias", embeddingLength)
        }
        if !parallelResidual { appendNorm(block + "ffn_norm", source + "post_attention_layernorm", to: &list) }
        list.matrix(block + "ffn_gate", source + "mlp.gate_proj", feedForwardLength, embeddingLength)
        list.matrix(block + "ffn_up", source + "mlp.up_proj", feedForwardLength, embeddingLength)
        list.matrix(block + "ffn_down", source + "mlp.down_proj", embeddingLength, feedForwardLength)
    }

    private func appendNorm(_ name: String, _ source: String, to list: inout TensorList) {
        list.vector(name + ".weight", source + ".weight", embeddingLength)
        if norm == .layer { list.vector(name + ".bias", source + ".bias", embeddingLength) }
    }
}

private struct TensorList {
    var tensors: [ModelConfiguration.RequiredTensor] = []

    mutating func matrix(_ name: String, _ source: String, _ rows: Int, _ columns: Int) {
        tensors.append(
            .init(
                name: name + ".weight", huggingFaceName: source + ".weight", rows: rows, columns: columns,
                isVector: false))
    }

    mutating func vector(_ name: String, _ source: String, _ count: Int) {
        tensors.append(.init(name: name, huggingFaceName: source, rows: 1, columns: count, isVector: true))
    }
}
