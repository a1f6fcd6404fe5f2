import Testing

@testable import Kite

/// Drafts change nothing but the time an answer takes.
@Suite struct DraftingTests {
    /// Guesses from the true answer, with every so many tokens replaced by a wrong one.
    private struct Oracle: Drafter {
        let answer: [TokenID]
        let length: Int
        let wrongEvery: Int?
        var made = 0

        mutating func accept(_ token: TokenID) { made += 1 }

        mutating func draft(atMost limit: Int) -> [TokenID] {
            let range = made..<max(made, min(made + min(limit, length), answer.count))
            return range.map { index in
                guard let wrongEvery, index % wrongEvery == 0 else { return answer[index] }
                return answer[index] == 300 ? 301 : 300
            }
        }

        mutating func note(columns: Int, seconds: Double) {}
    }

    /// The answer to `tokens` with the guesses of `drafter`, and how many tokens the sequence holds afterwards.
    private func answer(
        _ model: LanguageModel, _ tokens: [TokenID], _ options: GenerationOptions, _ drafter: Oracle?,
        stopAfter limit: Int = .max
    ) async throws -> (response: Response, held: Int) {
        let progress = TokenCount()
        let channel = EventChannel()
        model.engine.submit(
            ActiveRequest(
                model: model, options: options, channel: channel, progress: progress, drafter: { _ in drafter },
                prepare: { .init(tokens: tokens) }))
        var made = 0
        while let event = try await channel.next() {
            if case .delta(_, _, let tokens, _) = event { made += tokens.count }
            if made >= limit { channel.cancel() }
        }
        return (try #require(channel.response), progress.value)
    }

    private static let settings: [(name: String, options: GenerationOptions)] = {
        var penalties = SamplingOptions(temperature: 1.3, repeatPenalty: 1.3, frequencyPenalty: 0.2, seed: 3)
        penalties.repeatLastN = 7
        return [
            ("greedy to the end", .init(sampling: .greedy)),
            ("greedy, most tokens", .init(sampling: .greedy, maximumResponseTokens: 23)),
            ("no token", .init(sampling: .greedy, maximumResponseTokens: 0)),
            ("sampled", .init(sampling: .init(temperature: 1.5, seed: 7), maximumResponseTokens: 60)),
            ("sampled from all", .init(sampling: .init(temperature: 2, topK: 0, topP: 1, minP: 0, seed: 8))),
            ("penalties", .init(sampling: penalties, maximumResponseTokens: 60)),
            ("stop string", .init(sampling: .greedy, stop: ["4. Mini"])),
            ("past the end", .init(sampling: .greedy, maximumResponseTokens: 90, ignoresEndOfGeneration: true)),
            ("until the context is full", .init(sampling: .greedy, ignoresEndOfGeneration: true)),
        ]
    }()

    /// Tokens, text, reason, penalties, random numbers and what stays in the cache, whether guesses are right or not.
    @Test(arguments: settings.indices, [KVCacheType.f16, .int8])
    func theAnswerIsTheSame(_ index: Int, cache: KVCacheType) async throws {
        let (name, options) = Self.settings[index]
        let model = try await LanguageModel.load(
            .nano, options: .init(contextLength: 150, kvCacheType: cache, promptChunk: 64))
        let tokens = try model.chatTokens([.user("List 10 synonyms for the word \"tiny\"")])
        let plain = try await answer(model, tokens, options, nil)
        // What comes after the end is guessed too.
        let known = plain.response.tokens + [model.tokenizer.eosToken ?? 0, 400, 401, 402]
        for (length, wrongEvery) in [(15, nil), (15, 4), (3, 2), (1, 1), (7, 7)] as [(Int, Int?)] {
            let oracle = Oracle(answer: known, length: length, wrongEvery: wrongEvery)
            let (response, held) = try await answer(model, tokens, options, oracle)
            #expect(response.tokens == plain.response.tokens, "\(name) \(length)")
            #expect(response.content == plain.response.content, "\(name) \(length)")
            #expect(response.finishReason == plain.response.finishReason, "\(name) \(length)")
            #expect(held == plain.held, "\(name) \(length)")
            #expect(response.usage.completionTokens == plain.response.usage.completionTokens)
            if wrongEvery == 1 { #expect(response.usage.acceptedDraftTokens == 0) }
            if wrongEvery == nil, response.tokens.count > 20 {
                #expect(response.usage.acceptedDraftTokens > response.tokens.count * 3 / 4)
                #expect(response.usage.draftedTokens >= response.usage.acceptedDraftTokens)
            }
        }
        #expect(plain.response.usage.draftedTokens == 0)
    }

    /// A chunk of one token leaves no room for guesses, one of four for three.
    @Test(arguments: [1, 4]) func draftsFitThePass(chunk: Int) async throws {
        let model = try await LanguageModel.load(.nano, options: .init(promptChunk: chunk))
        let tokens = try model.chatTokens([.user("Count from 3 to 9.")])
        let options = GenerationOptions(sampling: .greedy)
        let plain = try await answer(model, tokens, options, nil)
        let oracle = Oracle(answer: plain.response.tokens, length: 15, wrongEvery: nil)
        let drafted = try await answer(model, tokens, options, oracle)
        #expect(drafted.response.content == "3, 4, 5, 6, 7, 8, 9")
        #expect((drafted.response.usage.draftedTokens > 0) == (chunk > 1))
    }

    /// A reader who leaves gets no token more than without guesses, and the guesses do not stay in the cache.
    @Test func cancellationStopsWithinATokenAmidGuesses() async throws {
        let model = try await LanguageModel.load(.nano)
        let tokens = try model.chatTokens([.user("List 10 synonyms for the word \"tiny\"")])
        var options = GenerationOptions(sampling: .greedy, maximumResponseTokens: 1000, ignoresEndOfGeneration: true)
        let plain = try await answer(model, tokens, options, nil)
        options.maximumResponseTokens = nil
        let oracle = Oracle(answer: plain.response.tokens, length: 15, wrongEvery: nil)
        let (response, held) = try await answer(model, tokens, options, oracle, stopAfter: 5)
        #expect(response.finishReason == .cancelled)
        #expect(response.tokens == Array(plain.response.tokens.prefix(response.tokens.count)))
        // The job may be ahead of its reader by what the channel holds.
        #expect(response.tokens.count < 100)
        #expect(held == tokens.count + response.tokens.count)
    }

    /// Lookup in a conversation whose second answer repeats the first one.
    @Test(arguments: [0, 1.2] as [Float]) func lookupInASession(temperature: Float) async throws {
        var options = GenerationOptions(maximumResponseTokens: 120)
        options.sampling.temperature = temperature
        options.sampling.seed = 5
        var drafting = options
        drafting.draft = .lookup
        let question = "List 10 synonyms for the word \"tiny\""
        // Two models: they would share what was read.
        let plain = LanguageModelSession(model: try await LanguageModel.load(.nano))
        let drafted = LanguageModelSession(model: try await LanguageModel.load(.nano))
        for _ in 0..<3 {
            let expected = try await plain.respond(to: question, options: options)
            let found = try await drafted.respond(to: question, options: drafting)
            #expect(found.tokens == expected.tokens)
            #expect(found.content == expected.content)
            #expect(found.usage.cachedPromptTokens == expected.usage.cachedPromptTokens)
            #expect(drafted.tokensInContext == plain.tokensInContext)
            #expect(expected.usage.draftedTokens == 0)
        }
    }
}
