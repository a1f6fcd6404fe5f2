import Kite
import TestSupport
import Testing

/// The forward pass against transformers, for every branch of the architectures, from both kinds of file.
@Suite("Reference logits")
struct ReferenceLogitsTests {
    @Test("f32 logits at every position are within 1e-4", arguments: ReferenceModel.names, ReferenceModel.Form.allCases)
    func logitsAtEveryPosition(name: String, form: ReferenceModel.Form) async throws {
        let reference = try ReferenceModel.named(name)
        let model = try await LanguageModel.load(reference.source(form), options: exactOptions())
        let logits = try await TokenSequence(model: model).allLogits(appending: reference.prompt)
        #expect(largestDifference(logits, try reference.expectedLogits(form)) <= 1e-4)
    }

    @Test("64 greedy tokens are identical", arguments: ReferenceModel.names, ReferenceModel.Form.allCases)
    func greedy(name: String, form: ReferenceModel.Form) async throws {
        let reference = try ReferenceModel.named(name)
        let model = try await LanguageModel.load(reference.source(form), options: exactOptions(threads: 2))
        let sequence = TokenSequence(model: model)
        let expected = reference.expectedGreedy(form)
        #expect(expected.count == 64)
        var logits = try await sequence.logits(appending: reference.prompt)
        var produced: [TokenID] = []
        while produced.count < expected.count {
            let next = indexOfLargest(logits)
            produced.append(next)
            logits = try await sequence.logits(appending: [next])
        }
        #expect(produced == expected)
    }

    @Test("Logits do not depend on threads or prompt chunks, to the bit", arguments: ReferenceModel.names)
    func sameForAnyChunkAndThreads(name: String) async throws {
        let reference = try ReferenceModel.named(name)
        var first: [Float]?
        for threads in [1, 2] {
            for chunk in [1, 7, 512] {
                let options = LoadOptions(threads: threads, promptChunk: chunk)
                let model = try await LanguageModel.load(reference.source(.gguf), options: options)
                let logits = try await TokenSequence(model: model).allLogits(appending: reference.prompt)
                let expected = first ?? logits
                #expect(bitPatterns(logits) == bitPatterns(expected), "\(threads) threads, chunks of \(chunk)")
                first = expected
            }
        }
    }

    @Test("Going back and reading on gives the same logits, to the bit", arguments: ReferenceModel.names)
    func truncation(name: String) async throws {
        let reference = try ReferenceModel.named(name)
        let model = try await LanguageModel.load(reference.source(.gguf), options: LoadOptions(threads: 2))
        let sequence = TokenSequence(model: model)
        let expected = try await sequence.logits(appending: reference.prompt)
        let half = reference.prompt.count / 2
        try await sequence.truncate(to: half)
        _ = try await sequence.logits(appending: reference.greedy)
        try await sequence.truncate(to: half)
        let again = try await sequence.logits(appending: Array(reference.prompt[half...]))
        #expect(bitPatterns(again) == bitPatterns(expected))
    }
}

/// Equality to the bit, which `==` on floats is not.
func bitPatterns(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }
