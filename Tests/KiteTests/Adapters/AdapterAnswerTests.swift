import Kite
import TestSupport
import Testing

/// Adapters through the whole engine: per request, in company, with what was read before.
@Suite("Answers with adapters")
struct AdapterAnswerTests {
    private static let options = GenerationOptions(
        sampling: .greedy, maximumResponseTokens: 24, ignoresEndOfGeneration: true)

    private func model(_ name: String, threads: Int = 2) async throws -> (LanguageModel, AdapterModel) {
        let golden = try AdapterModel.named(name)
        let source = ModelSource.path(Golden.path("models/\(name)/model.gguf"))
        return (try await LanguageModel.load(source, options: LoadOptions(threads: threads)), golden)
    }

    private func answer(
        _ model: LanguageModel, _ prompt: [TokenID], _ adapters: AdapterSet?, isCaching: Bool = true
    ) async throws -> Response {
        let request = GenerationRequest(
            prompt: prompt, options: Self.options, adapters: adapters, isCachingPrompt: isCaching)
        for try await event in model.generate(request) {
            if case .finished(_, let response) = event { return response }
        }
        throw CancellationError()
    }

    /// Greedy decoding with the low-level way in.
    private func expected(_ model: LanguageModel, _ prompt: [TokenID], _ adapters: AdapterSet?) async throws
        -> [TokenID]
    {
        let sequence = TokenSequence(model: model, adapters: adapters)
        var tokens: [TokenID] = []
        var logits = try await sequence.logits(appending: prompt)
        let banned = model.tokenizer.neverSampled(tableSize: model.configuration.vocabularySize)
        for _ in 0..<24 {
            for id in banned + model.tokenizer.endOfGeneration { logits[Int(id)] = -.infinity }
            tokens.append(indexOfLargest(logits))
            logits = try await sequence.logits(appending: [tokens[tokens.count - 1]])
        }
        return tokens
    }

    @Test("The same answer alone, beside others with other adapters, and with what was read before")
    func company() async throws {
        let (model, golden) = try await model("stablelm-2-12b")
        let first = try await LoRA.load(golden.path("first"), for: model)
        let second = try await LoRA.load(golden.path("second"), for: model)
        let sets: [AdapterSet?] = [
            nil, try AdapterSet(first), try AdapterSet(second), try AdapterSet([(first, 0.5), (second, -1)]),
            AdapterSet.none, try AdapterSet(first, scale: -0.5),
        ]
        var answers: [[TokenID]] = []
        for set in sets { answers.append(try await expected(model, golden.prompt, set)) }
        #expect(Set(answers).count == 5, "each set has an answer of its own, and none and the empty set share one")
        for isCaching in [false, true, true] {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (set, expected) in zip(sets + sets, answers + answers) {
                    group.addTask {
                        let found = try await answer(model, golden.prompt, set, isCaching: isCaching)
                        #expect(found.tokens == expected)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("What was read with other adapters is not used again")
    func prefixes() async throws {
        let (model, golden) = try await model("stablelm-3b")
        let set = try AdapterSet(try await LoRA.load(golden.path("first.gguf"), for: model))
        let text = golden.prompt + golden.prompt
        var cached: [Int] = []
        for adapters in [nil, set, set, nil, AdapterSet.none] {
            cached.append(try await answer(model, text, adapters).usage.cachedPromptTokens)
        }
        #expect(cached[..<2] == [0, 0])
        #expect(cached[2...].allSatisfy { $0 > 64 })
    }

    @Test("An adapter of another model fails its own request, nobody else's")
    func otherModel() async throws {
        let (model, golden) = try await model("stablelm-3b")
        let (other, otherGolden) = try await self.model("llama")
        let foreign = try AdapterSet(try await LoRA.load(otherGolden.path("first"), for: other))
        async let good = answer(model, golden.prompt, nil)
        await #expect(throws: AdapterError.otherBase(otherGolden.path("first"))) {
            _ = try await answer(model, golden.prompt, foreign)
        }
        #expect(try await good.tokens.count == 24)
        await #expect(throws: AdapterError.self) { try await LoRA.load(otherGolden.path("first"), for: model) }
    }

    @Test("A conversation keeps its adapters")
    func session() async throws {
        let (model, golden) = try await model("stablelm-3b")
        let set = try AdapterSet(try await LoRA.load(golden.path("first"), for: model))
        let session = LanguageModelSession(model: model, adapters: set)
        for question in ["Who?", "Why?"] {
            let response = try await session.respond(to: question, options: Self.options)
            let before = session.transcript.entries.dropLast().map {
                $0.role == .user ? ChatMessage.user($0.content) : .assistant($0.content)
            }
            let plain = try await model.streamResponse(to: before, options: Self.options, adapters: set).collect()
            #expect(response.tokens == plain.tokens)
            let without = try await model.streamResponse(to: before, options: Self.options).collect()
            #expect(response.tokens != without.tokens)
        }
    }

    @Test("Embeddings with adapters are those adapters'")
    func embeddings() async throws {
        let (model, golden) = try await model("llama")
        let set = try AdapterSet(try await LoRA.load(golden.path("second"), for: model))
        let found = try await model.embeddings([golden.prompt], adapters: set)[0]
        let transformer = try Transformer(
            golden.checkpoint(.gguf), threads: 1, promptChunk: 512, kvCacheType: nil, activations: .int8)
        let rows = try transformer.allHidden(golden.prompt, adapters: set)
        for index in found.indices {
            let sum = stride(from: index, to: rows.count, by: found.count).reduce(0.0) { $0 + Double(rows[$1]) }
            #expect(abs(Double(found[index]) - sum / Double(golden.prompt.count)) < 1e-5)
        }
        #expect(try await model.embeddings([golden.prompt])[0] != found)
    }
}
