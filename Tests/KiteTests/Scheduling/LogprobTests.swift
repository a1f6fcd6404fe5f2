import TensorCore
import Testing

@testable import Kite

/// Log-probabilities are those of the model's own logits, whatever is sampled and cached.
@Suite struct LogprobTests {
    /// Log-probabilities of the tokens after each of `tokens`, from the logits.
    private func rows(_ model: LanguageModel, _ tokens: [TokenID]) async throws -> [[Float]] {
        let all = try await TokenSequence(model: model).allLogits(appending: tokens)
        let size = model.configuration.vocabularySize
        return (0..<tokens.count).map { row in
            let logits = all[row * size..<(row + 1) * size]
            let shift = FloatOps.logSumExp(Array(logits).span)
            return logits.map { Float(Double($0) - shift) }
        }
    }

    private func check(_ known: TokenLogprob, _ row: [Float], alternatives: Int, _ model: LanguageModel) {
        #expect(known.logprob == row[Int(known.token)])
        #expect(known.bytes == model.tokenizer.bytes(of: known.token))
        #expect(known.top.map(\.logprob) == Array(row.sorted(by: >).prefix(alternatives)))
        for other in known.top {
            #expect(other.logprob == row[Int(other.token)] && other.bytes == model.tokenizer.bytes(of: other.token))
        }
    }

    @Test(arguments: [nil, 0, 5, 20], [0, 3, 20]) func promptAndAnswer(prompt: Int?, answer: Int) async throws {
        let model = try await LanguageModel.long()
        let tokens = model.noise(150, seed: 5)
        var options = GenerationOptions(
            sampling: .init(temperature: 1.3, repeatPenalty: 1.3, logitBias: [310: 3], seed: 2),
            maximumResponseTokens: 12, ignoresEndOfGeneration: true)
        options.topLogprobs = answer
        let scheduler = SteppedScheduler(model, chunk: 40)
        // The second time all of it is cached, and nothing is lost.
        for _ in 0..<2 {
            let request = scheduler.submit(tokens, options, promptLogprobs: prompt)
            scheduler.finish()
            let told = try await Told(request)
            let response = try #require(told.responses[0])
            let rows = try await rows(model, tokens + response.tokens)
            #expect(told.promptLogprobs.count == (prompt == nil ? 0 : tokens.count))
            for (index, known) in told.promptLogprobs.enumerated() {
                guard let known else {
                    #expect(index == 0)
                    continue
                }
                #expect(known.token == tokens[index])
                check(known, rows[index - 1], alternatives: prompt ?? 0, model)
            }
            let known = try #require(told.logprobs[0])
            #expect(known.map(\.token) == response.tokens)
            for (index, known) in known.enumerated() {
                check(known, rows[tokens.count - 1 + index], alternatives: answer, model)
            }
        }
    }

    /// Scoring: nothing is made, and the whole context may be scored.
    @Test(arguments: [1, 2, 64, 65, 256]) func scoringOnly(count: Int) async throws {
        let model = try await LanguageModel.long { $0.contextLength = 256 }
        let tokens = model.noise(count, seed: 5)
        let options = GenerationOptions(sampling: .greedy, maximumResponseTokens: 0)
        let told = try await Told(model.generate(.init(prompt: tokens, options: options, promptLogprobs: 1)))
        let rows = try await rows(model, tokens)
        #expect(told.promptLogprobs.count == count && told.promptLogprobs[0] == nil)
        for (index, known) in told.promptLogprobs.enumerated().dropFirst() {
            check(try #require(known), rows[index - 1], alternatives: 1, model)
        }
        #expect(told.responses[0]?.finishReason == .length && told.tokens[0] == nil)
    }

    /// Set back within the prompt, the known part stays and the rest follows.
    @Test func underMemoryPressure() async throws {
        let model = try await LanguageModel.long()
        let prompts = (0..<3).map { model.noise(64 * 6, seed: $0) }
        let options = GenerationOptions(sampling: .greedy, maximumResponseTokens: 64 * 3, ignoresEndOfGeneration: true)
        // Two tokens of the prompt a pass: meanwhile the stream needs two more pages, and there is one.
        let scheduler = SteppedScheduler(model, pages: 9, chunk: 3)
        let long = scheduler.submit(Array(prompts[0].prefix(310)), options)
        for _ in 0..<110 { scheduler.step() }
        var scoring = options
        scoring.maximumResponseTokens = 1
        let scored = scheduler.submit(Array(prompts[1].prefix(190)), scoring, promptLogprobs: 0)
        scheduler.finish()
        #expect(scheduler.scheduler.statistics.setBack > 0)
        let rows = try await rows(model, Array(prompts[1].prefix(190)))
        let told = try await Told(scored)
        #expect(told.promptLogprobs.count == 190)
        // What it had read itself is nobody else's.
        #expect(told.cachedTokens == 0)
        for (index, known) in told.promptLogprobs.enumerated().dropFirst() {
            check(try #require(known), rows[index - 1], alternatives: 0, model)
        }
        #expect(try await Told(long).tokens[0]?.count == 64 * 3)
    }

    /// Guesses change no log-probability.
    @Test func withDrafts() async throws {
        let model = try await LanguageModel.long()
        let tokens = try model.chatTokens([.user("List 10 synonyms for the word \"tiny\"")])
        var options = GenerationOptions(sampling: .greedy, maximumResponseTokens: 60)
        options.topLogprobs = 2
        let plain = try await Told(model.generate(.init(prompt: tokens, options: options)))
        let scheduler = SteppedScheduler(model)
        struct Oracle: Drafter {
            let answer: [TokenID]
            var made = 0
            mutating func accept(_ token: TokenID) { made += 1 }
            mutating func draft(atMost limit: Int) -> [TokenID] { Array(answer.dropFirst(made).prefix(min(limit, 5))) }
            mutating func note(columns: Int, seconds: Double) {}
        }
        let request = scheduler.submit(
            tokens, options, drafter: { _ in Oracle(answer: plain.tokens[0] ?? []) })
        scheduler.finish()
        let drafted = try await Told(request)
        #expect(drafted.responses[0]?.usage.acceptedDraftTokens ?? 0 > 30)
        #expect(drafted.logprobs[0] == plain.logprobs[0])
    }
}
