package import Kite
import TensorCore

/// Runs chunks of a text through a model.
///
/// As many chunks share a pass over the weights as fit into one. For one thread at a time.
package final class ChunkScorer {
    private let transformer: Transformer
    private let adapters: AdapterSet?
    /// Memory for keys and values, used again for every chunk.
    private var sequences: [KVSequence] = []

    /// Rows of the model's table of embeddings.
    package let vocabularySize: Int
    /// Bytes of the weights.
    package var weightBytes: Int { transformer.weightBytes }

    /// - Throws: What keeps the model from being run.
    package init(_ checkpoint: Checkpoint, options: LoadOptions, adapters: AdapterSet? = nil) throws {
        self.adapters = adapters
        transformer = try Transformer(
            checkpoint, threads: options.threads ?? ThreadPool.defaultThreadCount,
            promptChunk: max(1, min(options.promptChunk, 4096)), kvCacheType: options.kvCacheType,
            activations: options.activations)
        vocabularySize = checkpoint.configuration.vocabularySize
    }

    /// How many chunks share a pass.
    package func chunksPerPass(of text: TextChunks) -> Int { max(1, transformer.promptChunk / text.readLength) }

    /// Shows `visit` the logits of every scored position of the chunks `group`, at most ``chunksPerPass(of:)``.
    /// - Parameter visit: Called by several threads at once; `index` counts scored positions, chunk after chunk.
    /// - Throws: ``AllocationError`` when there is no memory for keys and values.
    package func score(
        _ group: Range<Int>, of text: TextChunks, visit: (_ index: Int, _ logits: Span<Float>) -> Void
    ) throws {
        while sequences.count < group.count { sequences.append(KVSequence(transformer.kvLayout)) }
        for index in sequences.indices { sequences[index].restart() }
        if text.readLength > transformer.promptChunk { return try scoreInPieces(group.lowerBound, of: text, visit) }
        var steps = group.enumerated().map { offset, chunk in
            Transformer.Step(
                tokens: text.read(chunk), sequence: sequences[offset],
                wanted: .range(text.firstScored..<text.readLength), adapters: adapters)
        }
        // The steps hold the only references while they run, so that no page is taken for a shared one.
        sequences = []
        defer { sequences = steps.map(\.sequence) }
        try transformer.forward(&steps, visitingLogits: visit)
    }

    /// A chunk longer than a pass.
    private func scoreInPieces(
        _ chunk: Int, of text: TextChunks, _ visit: (_ index: Int, _ logits: Span<Float>) -> Void
    ) throws {
        let tokens = text.read(chunk)
        var steps = [Transformer.Step(tokens: [], sequence: sequences[0], wanted: .none, adapters: adapters)]
        sequences = []
        defer { sequences = [steps[0].sequence] }
        for start in stride(from: 0, to: tokens.count, by: transformer.promptChunk) {
            let end = min(start + transformer.promptChunk, tokens.count)
            let first = max(text.firstScored, start)
            steps[0].tokens = Array(tokens[start..<end])
            steps[0].wanted = first < end ? .range(first - start..<end - start) : .none
            try transformer.forward(
                &steps, visitingLogits: { row, logits in visit(first - text.firstScored + row, logits) })
        }
    }
}
