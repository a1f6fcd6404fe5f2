import TensorCore
import Testing

@testable import Kite

@Suite struct EmbeddingTests {
    /// The mean of the hidden states, from one pass over one text.
    private func expected(_ model: LanguageModel, _ tokens: [TokenID]) throws -> [Float] {
        var steps = [
            Transformer.Step(tokens: tokens, sequence: KVSequence(model.transformer.kvLayout), wanted: .all)
        ]
        var sums = [Double](repeating: 0, count: model.configuration.embeddingLength)
        try model.transformer.forward(
            &steps,
            visitingHidden: { _, hidden in
                for index in hidden.indices { sums[index] += Double(hidden[index]) }
            })
        return sums.map { Float($0 / Double(tokens.count)) }
    }

    /// Alone or among others, in passes of any size, while answers are streamed: the same numbers.
    @Test(arguments: [7, 512]) func meanOfHiddenStates(chunk: Int) async throws {
        let model = try await LanguageModel.long { $0.promptChunk = chunk }
        let whole = try await LanguageModel.long()
        let inputs = (0..<30).map { model.noise(1 + 13 * $0, seed: UInt64($0 % 7)) }
        let options = GenerationOptions(sampling: .greedy, maximumResponseTokens: 400, ignoresEndOfGeneration: true)
        let stream = model.generate(.init(prompt: inputs[4], options: options))
        let found = try await model.embeddings(inputs)
        #expect(found.count == 30)
        for (input, found) in zip(inputs, found) { #expect(found == (try expected(whole, input))) }
        let answer = try await Told(stream)
        let alone = try await Told(whole.generate(.init(prompt: inputs[4], options: options)))
        #expect(answer.tokens == alone.tokens)
        #expect(try await model.embeddings([]).isEmpty)
        #expect(model.engineStatistics.running == 0)
        #expect(model.engineStatistics.kvPages == model.engineStatistics.cachedKVPages)
    }

    @Test func wrongInputs() async throws {
        let model = try await LanguageModel.load(.nano, options: .init(contextLength: 32))
        await #expect(throws: GenerationError.emptyPrompt) { try await model.embeddings([[300], []]) }
        await #expect(throws: GenerationError.promptTooLong(tokens: 33, contextLength: 32)) {
            try await model.embeddings([model.noise(33, seed: 1)])
        }
        #expect(try await model.embeddings([model.noise(32, seed: 1)])[0].allSatisfy(\.isFinite))
    }

    @Test func cancellation() async throws {
        let model = try await LanguageModel.long()
        let inputs = (0..<200).map { model.noise(2000, seed: UInt64($0)) }
        let task = Task { try await model.embeddings(inputs) }
        try await Task.sleep(for: .milliseconds(30))
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        for _ in 0..<500 where model.engineStatistics.running + model.engineStatistics.waiting > 0 {
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(model.engineStatistics.running == 0 && model.engineStatistics.kvPages == 0)
    }
}
