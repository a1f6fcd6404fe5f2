import Kite
import TestSupport
import Testing

/// Whole models with keys and values in 8-bit codes.
@Suite("Coded cache")
struct CodedCacheTests {
    private func logits(_ name: String, _ options: LoadOptions) async throws -> [Float] {
        let reference = try ReferenceModel.named(name)
        let model = try await LanguageModel.load(reference.source(.gguf), options: options)
        return try await TokenSequence(model: model).allLogits(appending: reference.prompt)
    }

    @Test("Logits are near those of an f16 cache, relative to the largest", arguments: ReferenceModel.names)
    func nearHalves(name: String) async throws {
        let halves = try await logits(name, LoadOptions(kvCacheType: .f16, activations: .float32))
        let codes = try await logits(name, LoadOptions(kvCacheType: .int8, activations: .float32))
        let largest = halves.reduce(0) { max($0, abs($1)) }
        #expect(largestDifference(codes, halves) / largest <= 0.05)
    }

    @Test("Logits do not depend on threads or prompt chunks, to the bit", arguments: ReferenceModel.names)
    func sameForAnyChunkAndThreads(name: String) async throws {
        let whole = try await logits(name, LoadOptions(threads: 1, kvCacheType: .int8))
        for (threads, chunk) in [(1, 1), (2, 7), (16, 512)] {
            let other = try await logits(name, LoadOptions(threads: threads, kvCacheType: .int8, promptChunk: chunk))
            #expect(bitPatterns(other) == bitPatterns(whole), "\(threads) threads, chunks of \(chunk)")
        }
    }

    @Test("The built-in model still answers")
    func nanoAnswers() async throws {
        let model = try await LanguageModel.load(.nano, options: LoadOptions(kvCacheType: .int8))
        var options = GenerationOptions()
        options.sampling.temperature = 0
        let answer = try await LanguageModelSession(model: model)
            .respond(to: "What is the capital of Peru?", options: options)
        #expect(answer.content.contains("Lima"))
    }
}
