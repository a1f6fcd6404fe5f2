import Testing

@testable import Kite

/// The same request, alone or beside others, cached or not, set back or not: the same tokens.
@Suite struct SameAnswerTests {
    private struct Question {
        var prompt: [TokenID]
        var options: GenerationOptions
    }

    /// Sixteen requests that differ in everything.
    private func questions(_ model: LanguageModel) throws -> [Question] {
        let texts = [
            "What is the capital of Peru?", "List 10 synonyms for the word \"tiny\"", "Count from 3 to 9.",
            "What is 47 plus 38?",
        ]
        return try (0..<16).map { index in
            var prompt = try model.chatTokens([.user(texts[index % 4])])
            if index % 3 == 1 { prompt = model.noise(40 * index, seed: UInt64(index % 6)) + prompt }
            var options = GenerationOptions(sampling: .greedy, maximumResponseTokens: 20 + 7 * index)
            if index % 2 == 1 {
                options.sampling = SamplingOptions(
                    temperature: 1.4, repeatPenalty: 1.2, frequencyPenalty: 0.1, seed: UInt64(index))
            }
            if index % 4 == 3 { options.ignoresEndOfGeneration = true }
            if index % 5 == 2 { options.stop = ["e"] }
            return Question(prompt: prompt, options: options)
        }
    }

    private func expected(_ model: LanguageModel, _ questions: [Question]) async throws -> [Response] {
        var responses: [Response] = []
        for question in questions {
            let alone = SteppedScheduler(model)
            let request = alone.submit(question.prompt, question.options, isCaching: false)
            alone.finish()
            responses.append(try #require(try await Told(request).responses[0]))
            #expect(alone.scheduler.statistics.kvPages == 0)
        }
        return responses
    }

    private func expectSame(_ request: ActiveRequest, _ expected: Response, _ what: String) async throws -> Told {
        let told = try await Told(request)
        let response = try #require(told.responses[0])
        #expect(response.tokens == expected.tokens, "\(what)")
        #expect(response.content == expected.content, "\(what)")
        #expect(response.finishReason == expected.finishReason, "\(what)")
        #expect(response.usage.promptTokens == expected.usage.promptTokens)
        return told
    }

    /// All at once, twice (the second time from the cache), in passes of every size.
    @Test(arguments: [1, 7, 64, 512]) func alone(chunk: Int) async throws {
        let model = try await LanguageModel.long()
        let questions = try questions(model)
        let expected = try await expected(model, questions)
        let together = SteppedScheduler(model, chunk: chunk)
        for round in 0..<2 {
            let requests = questions.map { together.submit($0.prompt, $0.options) }
            together.finish()
            for (index, request) in requests.enumerated() {
                let told = try await expectSame(request, expected[index], "question \(index), chunk \(chunk)")
                // Less than four tokens of a page are not worth its copy.
                if round == 1 { #expect(told.cachedTokens ?? 0 >= questions[index].prompt.count - 4) }
            }
            #expect(together.isIdle)
        }
    }

    /// Room for some of them only: the youngest make way and go on later.
    @Test(arguments: [30, 12, 8, 4]) func underMemoryPressure(pages: Int) async throws {
        let model = try await LanguageModel.long()
        let questions = try questions(model).enumerated().map { index, question in
            var options = question.options
            options.maximumResponseTokens = 220 - 3 * index
            options.ignoresEndOfGeneration = true
            options.stop = []
            return Question(prompt: Array(question.prompt.suffix(30)), options: options)
        }
        let expected = try await expected(model, questions)
        let tight = SteppedScheduler(model, pages: pages)
        let requests = questions.map { tight.submit($0.prompt, $0.options) }
        tight.finish()
        for (index, request) in requests.enumerated() {
            _ = try await expectSame(request, expected[index], "question \(index), \(pages) pages")
        }
        #expect(tight.scheduler.statistics.setBack > 0)
        #expect(tight.isIdle)
    }

    /// Requests that come at any time, some of which leave again.
    @Test(arguments: 0..<6) func comingAndGoing(seed: Int) async throws {
        let model = try await LanguageModel.long()
        let questions = try questions(model)
        let expected = try await expected(model, questions)
        var random = Sequence32(state: UInt64(seed))
        let busy = SteppedScheduler(
            model, pages: [1000, 20][seed % 2], sequences: 5, chunk: Int.random(in: 3...200, using: &random))
        var asked: [(question: Int, request: ActiveRequest)] = []
        for _ in 0..<60 {
            for _ in 0..<Int.random(in: 0...6, using: &random) { busy.step() }
            let index = questions.indices.randomElement(using: &random) ?? 0
            asked.append((index, busy.submit(questions[index].prompt, questions[index].options)))
            if Int.random(in: 0..<3, using: &random) == 0 {
                asked.randomElement(using: &random)?.request.channel.cancel()
            }
        }
        busy.finish()
        var cancelled = 0
        for (index, request) in asked {
            guard !request.isCancelled else {
                let tokens = try #require(request.channel.response).tokens
                #expect(expected[index].tokens.starts(with: tokens))
                cancelled += 1
                continue
            }
            _ = try await expectSame(request, expected[index], "question \(index), seed \(seed)")
        }
        #expect(cancelled > 0 && busy.isIdle)
    }

    /// Guesses of any quality, beside others, with pages that they overrun.
    @Test func drafts() async throws {
        let model = try await LanguageModel.long()
        let questions = try questions(model)
        let expected = try await expected(model, questions)
        let scheduler = SteppedScheduler(model, pages: 40)
        for _ in 0..<2 {
            let requests = zip(questions, expected).map { question, expected in
                scheduler.submit(
                    question.prompt, question.options, drafter: { _ in Guesses(tokens: expected.tokens) })
            }
            scheduler.finish()
            for (index, request) in requests.enumerated() {
                _ = try await expectSame(request, expected[index], "question \(index)")
            }
            #expect(scheduler.isIdle)
        }
    }

    /// Guesses the true answer with every fifth token wrong.
    private struct Guesses: Drafter {
        let tokens: [TokenID]
        var made = 0

        mutating func accept(_ token: TokenID) { made += 1 }
        mutating func draft(atMost limit: Int) -> [TokenID] {
            tokens.dropFirst(made).prefix(min(limit, 9)).enumerated().map { ($0 + made) % 5 == 4 ? 333 : $1 }
        }
        mutating func note(columns: Int, seconds: Double) {}
    }

    /// One reading of the prompt, each choice as if asked for alone.
    @Test(arguments: [1000, 8]) func choices(pages: Int) async throws {
        let model = try await LanguageModel.long()
        let prompt = model.noise(90, seed: 3) + (try model.chatTokens([.user("Tell me a story.")]))
        var options = GenerationOptions(maximumResponseTokens: 70, ignoresEndOfGeneration: true)
        options.sampling.temperature = 1.5
        options.sampling.seed = 11
        let scheduler = SteppedScheduler(model, pages: pages)
        let request = scheduler.submit(prompt, options, choices: 5)
        scheduler.finish()
        let told = try await Told(request)
        #expect(told.responses.count == 5)
        #expect(Set(told.responses.values.map(\.content)).count > 1)
        if pages == 1000 { #expect(scheduler.scheduler.statistics.promptTokens == prompt.count) }
        for index in 0..<5 {
            options.sampling.seed = 11 + UInt64(index)
            let expected = try await expected(model, [Question(prompt: prompt, options: options)])
            #expect(told.responses[index]?.tokens == expected[0].tokens)
            #expect(told.responses[index]?.seed == 11 + UInt64(index))
        }
        #expect(scheduler.isIdle)
    }
}
