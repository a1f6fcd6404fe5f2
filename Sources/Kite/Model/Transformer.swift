/// The forward pass of every architecture Kite knows, written against the backend's list of fused operations.
///
/// StableLM and Llama differ by what their configuration says (norm kind, biases, rotary share and pairing, per-head
/// norms, grouped heads, parallel residual, window), never by code of their own. For one thread at a time.
package final class Transformer: @unchecked Sendable {
    /// Which logits a pass should leave behind.
    package enum LogitsWanted: Sendable, Equatable {
        case none
        case last
        case all
        /// Those of the tokens at these places among the ones read.
        case range(Range<Int>)
    }

    /// Shape of the key/value cache.
    package let kvLayout: KVLayout
    /// Bytes of all weights.
    package let weightBytes: Int
    /// Most tokens of a pass.
    package let promptChunk: Int

    /// Told what matrices are multiplied with; nil for nobody. Set between passes.
    package var observer: (any ActivationObserver)?

    private let configuration: ModelConfiguration
    private let weights: ModelWeights
    private let backend: CPUBackend
    /// Whose tokens the adapters of the pass are for; empty without adapters.
    private var adapted: [AdaptedTokens] = []

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
        self.configuration = configuration
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
    ///   - adapters: Adapters to read them with.
    ///   - logits: Takes them, `[token][vocabulary]`; left alone when none are wanted.
    /// - Throws: ``AllocationError`` when there is no memory for the context; the sequence is as before then.
    package func forward(
        _ tokens: [TokenID], after sequence: inout KVSequence, wanted: LogitsWanted, adapters: AdapterSet? = nil,
        logits: inout [Float]
    ) throws {
        var steps = [Step(tokens: tokens, sequence: sequence, wanted: wanted, adapters: adapters)]
        // The step holds the only reference while it runs, so that no page is taken for a shared one.
        sequence = KVSequence(kvLayout)
        defer { sequence = steps[0].sequence }
        try forward(&steps, logits: &logits)
    }

    /// What one sequence takes part in a pass with.
    package struct Step: Sendable {
        /// Tokens to read.
        package var tokens: [TokenID]
        /// What was read before; the tokens are added.
        package var sequence: KVSequence
        /// Whose logits to compute.
        package var wanted: LogitsWanted
        /// Adapters to read them with; nil and an empty set for none. Steps of one pass need not have the same.
        package var adapters: AdapterSet?

        package init(
            tokens: [TokenID], sequence: KVSequence, wanted: LogitsWanted, adapters: AdapterSet? = nil
        ) {
            self.tokens = tokens
            self.sequence = sequence
            self.wanted = wanted
            self.adapters = adapters
        }
    }

    /// Reads the tokens of several sequences in one pass over the weights. Each gets the numbers it would get alone.
    /// - Parameters:
    ///   - steps: At most ``promptChunk`` tokens in all.
    ///   - logits: Takes the logits wanted, `[token][vocabulary]`, step after step; left alone when none are wanted.
    /// - Throws: ``AllocationError`` when there is no memory for the context, ``AdapterError/otherBase(_:)`` for adapters
    ///   of another model; the sequences are as before then.
    package func forward(_ steps: inout [Step], logits: inout [Float]) throws {
        let rows = try advance(&steps)
        defer { backend.end() }
        if !rows.isEmpty { backend.logits(output, norm: weights.outputNorm, rows: rows, into: &logits) }
    }

    /// Reads the tokens of several sequences in one pass, and shows each row of logits wanted instead of keeping it.
    /// - Parameters:
    ///   - steps: At most ``promptChunk`` tokens in all.
    ///   - visit: Called once for each row of logits wanted, by several threads at once. `row` counts them, step after
    ///     step.
    /// - Throws: ``AllocationError`` when there is no memory for the context, ``AdapterError/otherBase(_:)`` for adapters
    ///   of another model; the sequences are as before then.
    package func forward(
        _ steps: inout [Step], visitingLogits visit: (_ row: Int, _ logits: Span<Float>) -> Void
    ) throws {
        let rows = try advance(&steps)
        defer { backend.end() }
        backend.logits(output, norm: weights.outputNorm, rows: rows, visit: visit)
        if rows.count == steps.reduce(0, { $0 + $1.tokens.count }) { observe(.residual, of: ["output.weight"]) }
    }

    /// Reads the tokens of several sequences in one pass, and shows the hidden states instead of computing logits.
    /// - Parameters:
    ///   - steps: At most ``promptChunk`` tokens in all.
    ///   - visit: Called once for each token wanted, in order, on the calling thread: `row` counts them, step after step;
    ///     `hidden` is what the output matrix would be multiplied with, the normalized residual stream after the last
    ///     block, as many numbers as the model is wide. They last as long as the call.
    /// - Throws: ``AllocationError`` when there is no memory for the context, ``AdapterError/otherBase(_:)`` for adapters
    ///   of another model; the sequences are as before then.
    package func forward(
        _ steps: inout [Step], visitingHidden visit: (_ row: Int, _ hidden: Span<Float>) -> Void
    ) throws {
        let rows = try advance(&steps)
        defer { backend.end() }
        backend.hidden(norm: weights.outputNorm, rows: rows, visit: visit)
    }

    /// Begins a pass and runs all blocks.
    /// - Returns: Rows of the pass whose logits are wanted.
    private func advance(_ steps: inout [Step]) throws -> [Int] {
        adapted = try adaptedTokens(steps)
        for index in steps.indices {
            try steps[index].sequence.reserve(upTo: steps[index].sequence.length + steps[index].tokens.count)
        }
        backend.begin(
            steps.map { .init(sequence: $0.sequence, position: $0.sequence.length, tokens: $0.tokens.count) })
        backend.embed(steps.flatMap(\.tokens), from: weights.embedding)
        for (index, layer) in weights.layers.enumerated() {
            run(adapted.isEmpty ? layer : layer.adding { adapted.addition(to: $0, of: index) }, index)
        }
        var rows: [Int] = []
        var first = 0
        for index in steps.indices {
            let count = steps[index].tokens.count
            steps[index].sequence.advance(to: steps[index].sequence.length + count)
            switch steps[index].wanted {
            case .none: break
            case .last: rows += count > 0 ? [first + count - 1] : []
            case .all: rows += first..<first + count
            case .range(let places): rows += places.clamped(to: 0..<count).map { first + $0 }
            }
            first += count
        }
        return rows
    }

    /// Whose tokens are read with which adapters, neighbours of one set together; makes room for what these compute.
    private func adaptedTokens(_ steps: [Step]) throws -> [AdaptedTokens] {
        var all: [AdaptedTokens] = []
        var first = 0
        for step in steps {
            let rows = first..<first + step.tokens.count
            first = rows.upperBound
            guard let set = step.adapters, !set.isEmpty, !rows.isEmpty else { continue }
            try set.check(configuration)
            if let last = all.last, last.set == set, last.rows.upperBound == rows.lowerBound {
                all[all.count - 1].rows = last.rows.lowerBound..<rows.upperBound
            } else {
                all.append(AdaptedTokens(set: set, rows: rows))
            }
        }
        if !all.isEmpty { try backend.reserveAdditions(all.reduce(0) { $0 + $1.rows.count * $1.set.mostRanks }) }
        return all
    }

    /// The output matrix with what the adapters of the pass add to its results.
    private var output: Linear {
        guard !adapted.isEmpty else { return weights.output }
        var output = weights.output
        output.addition = adapted.addition(to: .output, of: 0)
        return output
    }

    /// Parallel regions of all passes so far.
    package var parallelRegions: Int { backend.parallelRegions }

    private func run(_ layer: ModelWeights.Layer, _ index: Int) {
        let attention = CPUBackend.AttentionInputs(query: layer.query, key: layer.key, value: layer.value)
        let mlp = CPUBackend.GatedInputs(gate: layer.gate, up: layer.up)
        // Without a norm of its own (parallel residual), the MLP reads what attention reads.
        let isParallel = layer.mlpNorm == nil
        backend.project(normalizedBy: layer.attentionNorm, attention: attention, mlp: isParallel ? mlp : nil)
        observe(.residual, of: ["attn_q", "attn_k", "attn_v"] + (isParallel ? ["ffn_gate", "ffn_up"] : []), in: index)
        backend.attend(layer: index, queryNorm: layer.queryNorm, keyNorm: layer.keyNorm)
        backend.addProjection(layer.attentionOutput)
        observe(.attention, of: ["attn_output"], in: index)
        if let mlpNorm = layer.mlpNorm {
            backend.project(normalizedBy: mlpNorm, mlp: mlp)
            observe(.residual, of: ["ffn_gate", "ffn_up"], in: index)
        }
        backend.addGated(layer.down)
        observe(.gated, of: ["ffn_down"], in: index)
    }

    private func observe(_ input: CPUBackend.ProductInput, of matrices: @autoclosure () -> [String], in layer: Int) {
        observe(input, of: matrices().map { "blk.\(layer).\($0).weight" })
    }

    private func observe(_ input: CPUBackend.ProductInput, of matrices: @autoclosure () -> [String]) {
        guard let observer else { return }
        let matrices = matrices()
        backend.withInputs(input) { rows, width in observer.observe(rows, width: width, of: matrices) }
    }
}
