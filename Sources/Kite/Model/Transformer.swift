/// The forward pass of every architecture Kite knows, written against the backend's list of fused operations.
///
/// StableLM and Llama differ by what their configuration says (norm kind, biases, rotary share and pairing, per-head
/// norms, grouped heads, parallel residual, window), never by code of their own. For one thread at a time.
package final class Transformer: @unchecked Sendable {
    /// Which logits a pass should leave behind.
    package enum LogitsWanted: Sendable {
        case none
        case last
        case all
    }

    /// Shape of the key/value cache.
    package let kvLayout: KVLayout
    /// Bytes of all weights.
    package let weightBytes: Int
    /// Most tokens of a pass.
    package let promptChunk: Int

    private let weights: ModelWeights
    private let backend: CPUBackend

    /// - Parameters:
    ///   - checkpoint: Where the weights are.
    ///   - threads: Threads that compute.
    ///   - promptChunk: Most tokens of a pass.
    ///   - kvCacheType: nil takes f32 for f32 weights and f16 for all others.
    ///   - activations: What quantized weights are multiplied with.
    package init(
        _ checkpoint: Checkpoint, threads: Int, promptChunk: Int, kvCacheType: KVCacheType?,
        activations: ActivationPrecision
    ) throws {
        let configuration = checkpoint.configuration
        weights = try ModelWeights(checkpoint)
        weightBytes = weights.byteCount
        self.promptChunk = promptChunk
        let layout = KVLayout(
            type: kvCacheType ?? (weights.output.matrix.type == .f32 ? .f32 : .f16),
            layers: configuration.layerCount, kvHeads: configuration.keyValueHeadCount,
            headSize: configuration.headDimension)
        guard let layout else { throw ConfigurationError.unsupported("a key/value cache of this size") }
        kvLayout = layout
        let backend = try CPUBackend(
            .init(
                tokens: promptChunk, embedding: configuration.embeddingLength,
                feedForward: configuration.feedForwardLength, vocabulary: configuration.vocabularySize,
                queryHeads: configuration.headCount, kvHeads: configuration.keyValueHeadCount,
                headSize: configuration.headDimension),
            inputs: weights.inputTypes, layout: layout,
            rotary: RotaryTable(configuration, divisors: weights.ropeFactors),
            window: configuration.slidingWindow, threads: threads, activations: activations)
        guard let backend else { throw ConfigurationError.unsupported("this number of heads") }
        self.backend = backend
    }

    /// Reads `tokens` (at most ``promptChunk``, all in the vocabulary) after those in `sequence`.
    /// - Parameters:
    ///   - wanted: Whose logits to compute.
    ///   - logits: Takes them, `[token][vocabulary]`; left alone when none are wanted.
    /// - Throws: ``AllocationError`` when there is no memory for the context; the sequence is as before then.
    package func forward(
        _ tokens: [TokenID], after sequence: inout KVSequence, wanted: LogitsWanted, logits: inout [Float]
    ) throws(AllocationError) {
        let position = sequence.length
        try sequence.reserve(upTo: position + tokens.count)
        backend.begin(tokens: tokens.count, position: position, sequence: sequence)
        defer { backend.end() }
        backend.embed(tokens, from: weights.embedding)
        for (index, layer) in weights.layers.enumerated() { run(layer, index) }
        sequence.advance(to: position + tokens.count)
        guard wanted != .none, !tokens.isEmpty else { return }
        backend.logits(
            weights.output, norm: weights.outputNorm,
            rows: wanted == .all ? 0..<tokens.count : tokens.count - 1..<tokens.count, into: &logits)
    }

    private func run(_ layer: ModelWeights.Layer, _ index: Int) {
        let attentionInputs = [layer.query, layer.key, layer.value]
        let mlpInputs = [layer.gate, layer.up]
        if let mlpNorm = layer.mlpNorm {
            backend.project(normalizedBy: layer.attentionNorm, attentionInputs, into: [.query, .key, .value])
            backend.attend(layer: index, queryNorm: layer.queryNorm, keyNorm: layer.keyNorm)
            backend.addProjection(layer.attentionOutput)
            backend.project(normalizedBy: mlpNorm, mlpInputs, into: [.gate, .up])
        } else {
            // Parallel residual: the MLP reads what attention reads, and both add to the same stream.
            backend.project(
                normalizedBy: layer.attentionNorm, attentionInputs + mlpInputs,
                into: [.query, .key, .value, .gate, .up])
            backend.attend(layer: index, queryNorm: layer.queryNorm, keyNorm: layer.keyNorm)
            backend.addProjection(layer.attentionOutput)
        }
        backend.addGatedProjection(layer.down)
    }
}
