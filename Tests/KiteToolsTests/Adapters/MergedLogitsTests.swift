import Kite
import KiteTools
import ModelFiles
import TensorCore
import TestSupport
import Testing

/// A model that an adapter was merged into, and the model with the adapter beside it.
@Suite struct MergedLogitsTests {
    private static func logits(_ checkpoint: Checkpoint, _ adapters: AdapterSet? = nil) throws -> [Float] {
        let transformer = try Transformer(
            checkpoint, threads: 1, promptChunk: 64, kvCacheType: .f32, activations: .float32)
        var steps = [
            Transformer.Step(
                tokens: Array(2..<42), sequence: KVSequence(transformer.kvLayout), wanted: .all, adapters: adapters)
        ]
        var logits: [Float] = []
        try transformer.forward(&steps, logits: &logits)
        return logits
    }

    @Test(arguments: ["stablelm-3b", "stablelm-2-12b", "llama"]) func mergedIsTheSame(_ name: String) throws {
        let folder = Golden.path("models/\(name)/hf")
        for (adapter, scale) in [("first", Float(1)), ("first.gguf", 0.5), ("second", -0.75)] {
            let path = Golden.path("adapters/\(name)/\(adapter)")
            try TemporaryFolder.with { temporary in
                let merged = temporary.path("merged.gguf")
                try ConversionJob(input: folder, output: merged, type: "f32", adapters: ["\(path)=\(scale)"]).run()
                let plain = temporary.path("plain.gguf")
                try ConversionJob(input: folder, output: plain, type: "f32").run()
                let base = try Checkpoint.open(path: plain)
                let set = try AdapterSet(LoRA(contentsOf: path, for: base.configuration), scale: scale)
                let (one, other) = (
                    try Self.logits(Checkpoint.open(path: merged)), try Self.logits(base, set)
                )
                let distance = zip(one, other).map { abs($0 - $1) }.max() ?? .infinity
                #expect(one.count == other.count && distance < 1e-4, "\(adapter): \(distance)")
                let moved = zip(one, try Self.logits(base)).map { abs($0 - $1) }.max() ?? 0
                #expect(moved > 0.1, "\(adapter) does something")
            }
        }
    }
}
