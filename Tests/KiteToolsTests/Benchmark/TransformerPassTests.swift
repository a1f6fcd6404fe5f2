import Kite
import KiteTools
import ModelFiles
import TensorCore
import Testing

/// Passes over several sequences, on models large enough for the threads to share the work.
@Suite struct TransformerPassTests {
    /// Logits do not depend on what else is in the pass, on the number of threads or on how a prompt is cut.
    @Test(arguments: ["Q4_K_M", "Q5_0", "BF16"], [false, true])
    func sequencesDoNotDependOnTheirCompany(type: String, parallelResidual: Bool) throws {
        let checkpoint = try Self.checkpoint(type, parallelResidual: parallelResidual)
        let prompts: [[TokenID]] = [[1, 2, 3], Array(5..<75), [9], [4, 4, 4, 4, 4, 4, 4, 4], [], Array(20..<37)]
        let next: [TokenID] = [7, 8, 9, 10, 11, 12]
        let alone = try prompts.indices.map { index in
            let transformer = try Self.transformer(checkpoint, threads: 1, chunk: 128)
            var sequence = KVSequence(transformer.kvLayout)
            var logits: [[Float]] = [[], []]
            try transformer.forward(prompts[index], after: &sequence, wanted: .all, logits: &logits[0])
            try transformer.forward([next[index]], after: &sequence, wanted: .last, logits: &logits[1])
            return logits
        }
        for threads in [1, 2, 3] {
            let transformer = try Self.transformer(checkpoint, threads: threads, chunk: 128)
            var logits: [Float] = []
            var steps = prompts.map {
                Transformer.Step(tokens: $0, sequence: KVSequence(transformer.kvLayout), wanted: .all)
            }
            try transformer.forward(&steps, logits: &logits)
            #expect(logits == alone.flatMap { $0[0] }, "\(threads) threads")
            for index in steps.indices {
                steps[index].tokens = [next[index]]
                steps[index].wanted = .last
            }
            try transformer.forward(&steps, logits: &logits)
            #expect(logits == alone.flatMap { $0[1] }, "\(threads) threads")
            #expect(steps.map(\.sequence.length) == prompts.map { $0.count + 1 })
        }
    }

    /// A barrier costs microseconds, a block of a small model not much more.
    @Test(arguments: [false, true])
    func aTokenTakesFewParallelRegions(parallelResidual: Bool) throws {
        let checkpoint = try Self.checkpoint("Q4_K_M", parallelResidual: parallelResidual)
        let transformer = try Self.transformer(checkpoint, threads: 2, chunk: 128)
        var sequence = KVSequence(transformer.kvLayout)
        var logits: [Float] = []
        try transformer.forward([1, 2, 3], after: &sequence, wanted: .none, logits: &logits)
        let before = transformer.parallelRegions
        try transformer.forward([4], after: &sequence, wanted: .last, logits: &logits)
        let layers = checkpoint.configuration.layerCount
        // One more for the logits.
        #expect(transformer.parallelRegions - before <= 6 * layers + 1)
        #expect(transformer.parallelRegions - before >= 4 * layers)
    }

    private static func transformer(_ checkpoint: Checkpoint, threads: Int, chunk: Int) throws -> Transformer {
        try Transformer(checkpoint, threads: threads, promptChunk: chunk, kvCacheType: nil, activations: .int8)
    }

    private static func checkpoint(_ type: String, parallelResidual: Bool) throws -> Checkpoint {
        let name = parallelResidual ? "stablelm-2-12b" : "stablelm-3b"
        let preset = try #require(ModelConfiguration.presets.first { $0.name == name })
        var configuration = preset.configuration
        configuration.layerCount = 2
        configuration.embeddingLength = 512
        configuration.feedForwardLength = 768
        configuration.vocabularySize = 320
        configuration.headCount = 8
        configuration.keyValueHeadCount = parallelResidual ? 2 : 8
        configuration.headDimension = 64
        configuration.rotaryDimensions = 16
        return try SyntheticModel.checkpoint(
            name: name, configuration: configuration, mix: try #require(QuantizationMix(name: type)))
    }
}
