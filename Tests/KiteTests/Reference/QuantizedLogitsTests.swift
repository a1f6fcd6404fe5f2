import Kite
import TestSupport
import Testing

/// The forward pass on every type of tensor against float64 (scripts/golden/models_quantized.py).
@Suite("Quantized logits")
struct QuantizedLogitsTests {
    struct Manifest: Decodable {
        let vocabulary: Int
        let models: [Entry]
    }

    struct Entry: Decodable, Sendable, CustomTestStringConvertible {
        let type: String
        let prompt: [TokenID]
        let gguf: String
        let exact: String
        let int8: String?

        var testDescription: String { type }

        func expected(_ mode: ActivationPrecision) throws -> [Float] {
            try Golden.floats("models/quantized/\(mode == .int8 ? int8 ?? exact : exact)")
        }

        func logits(_ options: LoadOptions, promptTimes: Int = 1) async throws -> [Float] {
            let model = try await LanguageModel.load(.path(Golden.path("models/quantized/\(gguf)")), options: options)
            let tokens = (0..<promptTimes).flatMap { _ in prompt }
            return try await TokenSequence(model: model).allLogits(appending: tokens)
        }
    }

    static let entries: [Entry] = {
        let manifest = try? Golden.json("models/quantized/manifest.json", as: Manifest.self)
        return manifest?.models ?? []
    }()

    @Test("There is one model for each of the 15 types")
    func allTypes() { #expect(Set(Self.entries.map(\.type)).count == 15) }

    @Test(
        "Logits are within 1e-3 of a float64 forward, relative to the largest", arguments: entries,
        [ActivationPrecision.float32, .int8])
    func logits(entry: Entry, mode: ActivationPrecision) async throws {
        let expected = try entry.expected(mode)
        let logits = try await entry.logits(LoadOptions(threads: 2, kvCacheType: .f32, activations: mode))
        let largest = expected.reduce(0) { max($0, abs($1)) }
        #expect(largestDifference(logits, expected) / largest <= 1e-3)
    }

    @Test(
        "Logits do not depend on threads or prompt chunks, to the bit", arguments: entries,
        [ActivationPrecision.float32, .int8])
    func sameForAnyChunkAndThreads(entry: Entry, mode: ActivationPrecision) async throws {
        // 60 tokens: enough for the kernels that unpack weights once for many columns.
        let first = try await entry.logits(
            LoadOptions(threads: 1, activations: mode, promptChunk: 1), promptTimes: 5)
        for (threads, chunk) in [(1, 7), (1, 512), (2, 1), (2, 7), (2, 33), (2, 512)] {
            let logits = try await entry.logits(
                LoadOptions(threads: threads, activations: mode, promptChunk: chunk), promptTimes: 5)
            #expect(bitPatterns(logits) == bitPatterns(first), "\(threads) threads, chunks of \(chunk)")
        }
    }
}
