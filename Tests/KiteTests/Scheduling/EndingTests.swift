import Synchronization
import Testing

@testable import Kite

/// How requests end before their time, and what is left of them.
@Suite struct EndingTests {
    private static let endless = GenerationOptions(sampling: .greedy, ignoresEndOfGeneration: true)

    private func made(_ request: ActiveRequest) -> Int { request.answers.first?.tokens.count ?? 0 }

    /// Waiting, within the prompt, within the answer: the next pass is without it.
    /// What a pass is for is known while it runs, which may take seconds.
    @Test func statisticsComeBeforeThePass() async throws {
        final class Seen: Sendable { let last = Mutex(EngineStatistics()) }
        struct Looking: Drafter {
            let gauge: EngineGauge
            let seen: Seen
            mutating func accept(_ token: TokenID) {}
            mutating func note(columns: Int, seconds: Double) {}
            mutating func draft(atMost limit: Int) -> [TokenID] {
                seen.last.withLock { $0 = gauge.value }
                return []
            }
        }
        let scheduler = SteppedScheduler(try await LanguageModel.long(), sequences: 1)
        let (gauge, seen) = (scheduler.scheduler.gauge, Seen())
        let options = GenerationOptions(
            sampling: .greedy, maximumResponseTokens: 20, ignoresEndOfGeneration: true)
        scheduler.submit([5, 6, 7], options, drafter: { _ in Looking(gauge: gauge, seen: seen) })
        for _ in 0..<4 { scheduler.step() }
        scheduler.submit([8, 9], options)
        scheduler.step()
        let told = seen.last.withLock { $0 }
        #expect(told.running == 1 && told.waiting == 1)
        scheduler.finish()
    }

    /// The place of an answer is free when its reader hears of its end.
    @Test func placesAreFreeBeforeTheEndIsTold() async throws {
        let model = try await LanguageModel.long()
        for _ in 0..<100 {
            let scheduler = SteppedScheduler(model)
            let (gauge, request) = (
                scheduler.scheduler.gauge,
                scheduler.submit([5, 6, 7], .init(sampling: .greedy, maximumResponseTokens: 2))
            )
            let channel = request.channel
            let seen = Task.detached {
                while channel.response == nil { await Task.yield() }
                return gauge.value.running
            }
            scheduler.finish()
            #expect(await seen.value == 0)
        }
    }

    /// Two tasks that read one stream both come to its end.
    @Test(.timeLimit(.minutes(1))) func severalReaders() async throws {
        let channel = EventChannel()
        let readers = (0..<2).map { _ in Task { try await channel.next() } }
        try await Task.sleep(for: .milliseconds(100))
        channel.finish()
        for reader in readers { #expect(try await reader.value == nil) }
    }

    /// Readers go whenever they like, also while the scheduler looks for those that have gone: each request is ended.
    @Test func cancellationAtAnyMoment() async throws {
        let model = try await LanguageModel.long()
        let scheduler = SteppedScheduler(model, sequences: 1)
        let long = scheduler.submit(
            [5, 6, 7],
            .init(sampling: .greedy, maximumResponseTokens: 400, ignoresEndOfGeneration: true))
        let waiting = (0..<3000).map { _ in scheduler.submit([8, 9]) }
        let channels = waiting.map(\.channel)
        let readers = Task.detached { for channel in channels { channel.cancel() } }
        while long.channel.response == nil { scheduler.step() }
        await readers.value
        scheduler.finish()
        #expect(waiting.allSatisfy { $0.channel.response != nil })
        #expect(
            scheduler.isIdle
                && scheduler.scheduler.statistics.cancelledRequests + scheduler.scheduler.statistics.finishedRequests
                    == 3001
        )
    }

    @Test(arguments: [0, 2, 30]) func cancellationTakesOnePass(steps: Int) async throws {
        let model = try await LanguageModel.long()
        let scheduler = SteppedScheduler(model, sequences: 1, chunk: 64)
        let request = scheduler.submit(model.noise(1000, seed: 1), Self.endless)
        let waiting = scheduler.submit(model.noise(1000, seed: 2), Self.endless)
        for _ in 0..<steps { scheduler.step() }
        #expect((made(request) > 0) == (steps == 30))
        let (read, tokens) = (scheduler.scheduler.statistics.promptTokens, made(request))
        request.channel.cancel()
        waiting.channel.cancel()
        #expect(!scheduler.step())
        #expect(scheduler.scheduler.statistics.promptTokens == read && made(request) == tokens)
        for request in [request, waiting] {
            #expect(request.channel.response?.finishReason == .cancelled)
        }
        #expect(scheduler.isIdle && scheduler.scheduler.statistics.cancelledRequests == 2)
    }

    @Test func oneOfSeveralChoicesCannotBeLeftBehind() async throws {
        let model = try await LanguageModel.long()
        let scheduler = SteppedScheduler(model)
        let request = scheduler.submit(model.noise(100, seed: 1), Self.endless, choices: 4)
        for _ in 0..<5 { scheduler.step() }
        #expect(scheduler.scheduler.statistics.running == 4)
        request.channel.cancel()
        #expect(!scheduler.step())
        #expect(scheduler.isIdle)
    }

    /// Before the first token it is an error, after it the answer ends with what there is.
    @Test func deadlines() async throws {
        let model = try await LanguageModel.long()
        let scheduler = SteppedScheduler(model, sequences: 2, chunk: 64)
        var options = Self.endless
        options.deadline = .seconds(3600)
        let answering = scheduler.submit(model.noise(10, seed: 1), options)
        while made(answering) < 5 { scheduler.step() }
        let reading = scheduler.submit(model.noise(1000, seed: 2), options)
        let waiting = scheduler.submit(model.noise(10, seed: 3), options)
        scheduler.step()
        #expect(scheduler.scheduler.secondsToDeadline.map { (3000...3600).contains($0) } == true)
        for request in [answering, reading, waiting] { request.deadline = .now }
        #expect(!scheduler.step())
        let told = try await Told(answering)
        #expect(told.responses[0]?.finishReason == .deadline)
        #expect(told.responses[0]?.finishReason.name == "length")
        #expect(told.tokens[0]?.count == 6)
        for request in [reading, waiting] {
            await #expect(throws: GenerationError.deadlineExceeded) { _ = try await Told(request) }
        }
        #expect(scheduler.isIdle)
    }

    /// The engine wakes up for a deadline though nothing else happens.
    @Test func deadlinesOfBlockedRequests() async throws {
        let model = try await LanguageModel.load(.nano)
        var options = Self.endless
        options.deadline = .milliseconds(300)
        let stream = model.generate(GenerationRequest(prompt: model.noise(8, seed: 1), options: options))
        // Nobody reads for a second: the request has stopped after some dozens of tokens.
        try await Task.sleep(for: .milliseconds(1000))
        #expect(model.engineStatistics.running == 0)
        #expect(try await Told(stream).responses[0]?.finishReason == .deadline)
    }

    @Test func fullQueues() async throws {
        let model = try await LanguageModel.long {
            $0.maximumSequences = 1
            $0.maximumWaiting = 2
        }
        let request = GenerationRequest(prompt: model.noise(8, seed: 1), options: Self.endless)
        var streams = (0..<3).map { _ in model.generate(request) }
        do {
            _ = try await Told(model.generate(request))
            Issue.record("a fourth request was let in")
        } catch GenerationError.queueFull(let seconds) {
            #expect((1...600).contains(seconds))
        }
        #expect(streams.count == 3 && model.engineStatistics.refusedRequests == 1)
        // Those who leave make room.
        streams = []
        for _ in 0..<500 where model.engineStatistics.cancelledRequests < 3 {
            try await Task.sleep(for: .milliseconds(10))
        }
        var options = Self.endless
        options.maximumResponseTokens = 3
        for _ in 0..<3 {
            let told = try await Told(model.generate(.init(prompt: [300, 301], options: options)))
            #expect(told.tokens[0]?.count == 3)
        }
    }

    /// Without a place to wait one request at a time is answered, one after the other.
    @Test func noWaiting() async throws {
        let model = try await LanguageModel.load(.nano, options: .init(maximumSequences: 1, maximumWaiting: 0))
        for _ in 0..<20 {
            let options = GenerationOptions(sampling: .greedy, maximumResponseTokens: 3)
            let told = try await Told(model.generate(.init(prompt: [300, 301], options: options)))
            #expect(told.responses.count == 1)
        }
    }

    /// A request that could not be answered even alone is refused when it comes; without a limit of its own an answer
    /// ends where memory does.
    @Test func requestsThatNeverFit() async throws {
        let model = try await LanguageModel.long()
        let scheduler = SteppedScheduler(model, pages: 4)
        let options = GenerationOptions(sampling: .greedy, maximumResponseTokens: 200, ignoresEndOfGeneration: true)
        for request in [
            scheduler.submit(model.noise(100, seed: 1), options), scheduler.submit(model.noise(300, seed: 1)),
        ] {
            scheduler.finish()
            await #expect(
                performing: { _ = try await Told(request) },
                throws: { error in
                    guard case GenerationError.requestTooLarge(let what) = error else { return false }
                    return what.contains("kvMemory")
                })
        }
        let fits = scheduler.submit(model.noise(56, seed: 1), options)
        let open = scheduler.submit(model.noise(100, seed: 2), Self.endless)
        scheduler.finish()
        #expect(try await Told(fits).responses[0]?.finishReason == .length)
        let told = try await Told(open)
        #expect(told.responses[0]?.finishReason == .contextFull)
        // Four pages, and the token that was chosen last.
        #expect((told.tokens[0]?.count ?? 0) + 100 == 4 * 64 + 1)
        #expect(scheduler.isIdle)
    }

    /// A thousand clients that go away at any time leave nothing behind.
    @Test func aThousandCancellations() async throws {
        let model = try await LanguageModel.load(.nano, options: .init(contextLength: 1024, maximumSequences: 8))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<1000 {
                if index >= 40 { try await group.next() }
                group.addTask {
                    var options = Self.endless
                    if index % 7 == 0 { options.deadline = .milliseconds(1 + index % 5) }
                    let prompt = model.noise(1 + index * 37 % 300, seed: UInt64(index % 50))
                    let stream = model.generate(
                        GenerationRequest(prompt: prompt, options: options, choices: 1 + index % 3))
                    if index % 10 == 0 { return }
                    var events = 0
                    do {
                        for try await _ in stream {
                            events += 1
                            if events > index % 12 { return }
                        }
                    } catch GenerationError.deadlineExceeded {}
                }
            }
            try await group.waitForAll()
        }
        // The last ones are still to be noticed.
        var statistics = model.engineStatistics
        for _ in 0..<500
        where statistics.cancelledRequests + statistics.failedRequests + statistics.finishedRequests < 1000 {
            try await Task.sleep(for: .milliseconds(10))
            statistics = model.engineStatistics
        }
        #expect(statistics.cancelledRequests + statistics.failedRequests + statistics.finishedRequests == 1000)
        #expect(statistics.running == 0 && statistics.waiting == 0)
        #expect(statistics.kvPages == statistics.cachedKVPages)
        let told = try await Told(
            model.generate(
                .init(
                    prompt: try model.chatTokens([.user("What is the capital of Peru?")]),
                    options: .init(sampling: .greedy))))
        #expect(told.texts[0] == "The capital of Peru is Lima.")
    }

    /// Wrong requests are refused by name and disturb nobody.
    @Test func wrongRequests() async throws {
        let model = try await LanguageModel.load(.nano)
        func expect(_ error: GenerationError, _ change: (inout GenerationRequest) -> Void) async {
            var request = GenerationRequest(prompt: [300])
            change(&request)
            let wrong = request
            await #expect(throws: error) { _ = try await Told(model.generate(wrong)) }
        }
        await expect(.emptyPrompt) { $0.prompt = [] }
        await expect(.tokenOutOfRange(-1, vocabularySize: model.configuration.vocabularySize)) {
            $0.prompt = [300, -1]
        }
        await expect(.invalidOption("choices", "0 is not between 1 and 128")) { $0.choices = 0 }
        await expect(.invalidOption("promptLogprobs", "21 is not between 0 and 20")) { $0.promptLogprobs = 21 }
        await expect(.invalidOption("topLogprobs", "-1 is not between 0 and 20")) { $0.options.topLogprobs = -1 }
        await #expect(throws: GenerationError.self) {
            try await LanguageModel.load(.nano, options: .init(kvMemory: 100))
        }
        await #expect(throws: GenerationError.self) {
            try await LanguageModel.load(.nano, options: .init(maximumSequences: 0))
        }
    }
}
