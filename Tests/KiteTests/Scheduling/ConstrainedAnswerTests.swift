import Testing

@testable import Kite

/// Answers within a grammar: never a text that it does not allow, beside any others.
@Suite struct ConstrainedAnswerTests {
    /// `[12,345,6]`: digits and commas.
    private static func list(_ items: ClosedRange<Int>) throws -> Grammar {
        let digit = try Grammar(choices: (0...9).map(String.init))
        let number = try Grammar.repeated(digit, least: 1, most: 3)
        let more = try Grammar.repeated(
            .sequence([.text(","), number]), least: items.lowerBound - 1, most: items.upperBound - 1)
        return try .sequence([.text("["), number, more, .text("]")])
    }

    private func isList(_ text: String, _ items: ClosedRange<Int>) -> Bool {
        guard text.hasPrefix("["), text.hasSuffix("]") else { return false }
        let parts = text.dropFirst().dropLast().split(separator: ",", omittingEmptySubsequences: false)
        return items.contains(parts.count)
            && parts.allSatisfy { (1...3).contains($0.count) && $0.allSatisfy { "0123456789".contains($0) } }
    }

    private func options(_ items: ClosedRange<Int>, temperature: Float, seed: UInt64) throws -> GenerationOptions {
        var options = GenerationOptions(
            sampling: .init(temperature: temperature, topK: 0, topP: 1, minP: 0, seed: seed))
        options.grammar = try Self.list(items)
        return options
    }

    @Test func answersKeepToTheGrammar() async throws {
        let model = try await LanguageModel.long()
        let scheduler = SteppedScheduler(model)
        let prompt = try model.chatTokens([.user("Count from 3 to 9.")])
        var requests: [(items: ClosedRange<Int>, request: ActiveRequest)] = []
        for index in 0..<8 {
            let items = 1 + index...3 + 2 * index
            let options = try options(items, temperature: Float(index % 3), seed: UInt64(index))
            requests.append((items, scheduler.submit(prompt, options, choices: 1 + index % 2)))
        }
        let free = scheduler.submit(prompt)
        scheduler.finish()
        for (items, request) in requests {
            let told = try await Told(request)
            for (choice, response) in told.responses {
                #expect(isList(response.content, items), "\(response.content)")
                #expect(response.finishReason == .stop)
                // The same alone.
                var options = request.options
                options.sampling.seed = response.seed
                let alone = try await Told(model.generate(.init(prompt: prompt, options: options)))
                #expect(alone.tokens[0] == told.tokens[choice])
            }
        }
        #expect(try await Told(free).texts[0] == "3, 4, 5, 6, 7, 8, 9")
    }

    /// With end-of-generation tokens banned, the answer ends where nothing can follow.
    @Test func endsWithoutAToken() async throws {
        let model = try await LanguageModel.load(.nano)
        var options = GenerationOptions(sampling: .greedy, ignoresEndOfGeneration: true)
        options.grammar = try Grammar(choices: ["left", "right"])
        let told = try await Told(model.generate(.init(prompt: [300], options: options)))
        #expect(["left", "right"].contains(told.texts[0]))
        #expect(told.responses[0]?.finishReason == .stop)
    }

    /// Guesses that the grammar does not allow are not taken, and all others change nothing.
    @Test(arguments: [0, 1.5] as [Float]) func drafts(temperature: Float) async throws {
        struct Guesses: Drafter {
            let tokens: [TokenID]
            var made = 0
            mutating func accept(_ token: TokenID) { made += 1 }
            mutating func draft(atMost limit: Int) -> [TokenID] {
                Array((tokens + [400, 401]).dropFirst(made).prefix(min(limit, 4)))
            }
            mutating func note(columns: Int, seconds: Double) {}
        }
        let model = try await LanguageModel.long()
        let prompt = try model.chatTokens([.user("Count from 3 to 9.")])
        let free = try await Told(model.generate(.init(prompt: prompt, options: .init(sampling: .greedy))))
        let options = try options(5...9, temperature: temperature, seed: 5)
        let plain = try await Told(model.generate(.init(prompt: prompt, options: options)))
        for guesses in [plain.tokens[0] ?? [], free.tokens[0] ?? []] {
            let scheduler = SteppedScheduler(model)
            let request = scheduler.submit(prompt, options, drafter: { _ in Guesses(tokens: guesses) })
            scheduler.finish()
            let told = try await Told(request)
            #expect(told.tokens[0] == plain.tokens[0])
            #expect(isList(told.texts[0] ?? "", 5...9))
        }
    }

    /// What lies outside the grammar cannot be forced: the request fails rather than answer without it.
    @Test func contradictions() async throws {
        let model = try await LanguageModel.load(.nano)
        var options = GenerationOptions(sampling: .greedy)
        options.grammar = try Grammar(choices: ["a", "b"])
        for token in 0..<model.configuration.vocabularySize
        where model.tokenizer.bytes(of: TokenID(token)) == [97] || model.tokenizer.bytes(of: TokenID(token)) == [98] {
            options.sampling.logitBias[TokenID(token)] = -.infinity
        }
        let wrong = options
        await #expect(throws: SamplingError.nothingToSample) {
            _ = try await Told(model.generate(.init(prompt: [300], options: wrong)))
        }
        #expect(model.engineStatistics.failedRequests == 1 && model.engineStatistics.running == 0)
    }
}
