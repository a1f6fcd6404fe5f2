import Testing

@testable import Kite

/// Whose turn it is. Counted in passes, so that it does not depend on the machine.
@Suite struct FairnessTests {
    private static let endless = GenerationOptions(sampling: .greedy, ignoresEndOfGeneration: true)

    private func made(_ request: ActiveRequest) -> Int { request.answers.first?.tokens.count ?? 0 }

    /// Runs passes until `request` has a token.
    private func begin(_ request: ActiveRequest, _ scheduler: SteppedScheduler) {
        while made(request) == 0, scheduler.step() {}
    }

    /// A 2,000-token prompt in the queue delays another stream's tokens by no more than one chunk: every pass that reads
    /// a part of it also makes a token of the stream, and is no longer than a chunk.
    @Test(arguments: [64, 128, 512]) func longPromptsDoNotStallStreams(chunk: Int) async throws {
        let model = try await LanguageModel.long()
        let scheduler = SteppedScheduler(model, chunk: chunk)
        let streams = (0..<3).map { scheduler.submit(model.noise(10, seed: $0), Self.endless) }
        for stream in streams { begin(stream, scheduler) }
        let long = scheduler.submit(model.noise(2000, seed: 9), .init(sampling: .greedy, maximumResponseTokens: 1))
        var passes = 0
        var read = scheduler.scheduler.statistics.promptTokens
        while !long.isPromptRead {
            let before = streams.map(made)
            scheduler.step()
            passes += 1
            #expect(streams.map(made) == before.map { $0 + 1 })
            let now = scheduler.scheduler.statistics.promptTokens
            #expect(now - read > 0 && now - read <= chunk)
            read = now
        }
        #expect(passes >= 2000 / chunk)
    }

    /// In passes of one token streams and prompts take turns.
    @Test func passesOfOneToken() async throws {
        let model = try await LanguageModel.long()
        let scheduler = SteppedScheduler(model, chunk: 1)
        let streams = (0..<3).map { scheduler.submit(model.noise(4, seed: $0), Self.endless) }
        for stream in streams { begin(stream, scheduler) }
        let long = scheduler.submit(model.noise(100, seed: 9))
        let before = streams.map(made)
        for _ in 0..<200 { scheduler.step() }
        #expect(long.isPromptRead)
        for (stream, before) in zip(streams, before) { #expect((30...36).contains(made(stream) - before)) }
    }

    /// While nobody is answered, a prompt gets whole passes.
    @Test func promptsAloneTakeWholePasses() async throws {
        let model = try await LanguageModel.long()
        let scheduler = SteppedScheduler(model, chunk: 512)
        let request = scheduler.submit(model.noise(2048, seed: 1), Self.endless)
        for _ in 0..<4 { scheduler.step() }
        #expect(request.isPromptRead && made(request) == 1)
    }

    @Test func shortPromptsOvertakeLongOnes() async throws {
        let model = try await LanguageModel.long()
        let scheduler = SteppedScheduler(model, chunk: 64)
        let long = scheduler.submit(model.noise(2000, seed: 1))
        for _ in 0..<3 { scheduler.step() }
        let short = scheduler.submit(model.noise(50, seed: 2))
        scheduler.step()
        #expect(short.isPromptRead && !long.isPromptRead)
    }

    /// However many short prompts come, a long one waits about as long as it takes to read, no more.
    @Test func longPromptsAreNotStarved() async throws {
        let model = try await LanguageModel.long()
        let scheduler = SteppedScheduler(model, chunk: 64)
        let long = scheduler.submit(model.noise(1000, seed: 1))
        var passes: UInt64 = 0
        while !long.isPromptRead, passes < 100 {
            scheduler.submit(
                model.noise(64, seed: 100 + passes), .init(sampling: .greedy, maximumResponseTokens: 0))
            scheduler.step()
            passes += 1
        }
        #expect(long.isPromptRead && passes <= 2 * 1000 / 64 + 4)
    }

    /// First come, first served; an answer in several choices waits until there is room for all, and nobody overtakes it.
    @Test func admissionIsInOrder() async throws {
        let model = try await LanguageModel.long()
        let scheduler = SteppedScheduler(model, sequences: 4)
        let options = GenerationOptions(
            sampling: .greedy, maximumResponseTokens: 10, ignoresEndOfGeneration: true)
        var requests: [ActiveRequest] = []
        for index in 0..<12 {
            requests.append(
                scheduler.submit(model.noise(8, seed: UInt64(index)), options, choices: [1, 1, 3, 1][index % 4]))
        }
        var finished: [Int] = []
        while scheduler.step() {
            let started = requests.map { $0.started != nil }
            #expect(started == started.sorted { $0 && !$1 }, "somebody was overtaken")
            for index in requests.indices where requests[index].channel.response != nil {
                if !finished.contains(index) { finished.append(index) }
            }
        }
        #expect(finished == Array(0..<12))
        #expect(scheduler.isIdle)
    }

    /// A request of more choices than answers go together runs by itself.
    @Test func manyChoicesRunAlone() async throws {
        let model = try await LanguageModel.long()
        let scheduler = SteppedScheduler(model, sequences: 2)
        let options = GenerationOptions(maximumResponseTokens: 5, ignoresEndOfGeneration: true)
        let first = scheduler.submit(model.noise(8, seed: 1), options)
        let many = scheduler.submit(model.noise(8, seed: 2), options, choices: 7)
        scheduler.finish()
        #expect(try await Told(first).responses.count == 1)
        #expect(try await Told(many).responses.count == 7)
    }

    /// More answers than a pass takes: each gets its share.
    @Test func moreAnswersThanAPassTakes() async throws {
        let model = try await LanguageModel.long()
        let scheduler = SteppedScheduler(model, chunk: 3)
        let streams = (0..<7).map { scheduler.submit(model.noise(4, seed: $0), Self.endless) }
        for stream in streams { begin(stream, scheduler) }
        let before = streams.map(made)
        for _ in 0..<70 { scheduler.step() }
        for (stream, before) in zip(streams, before) { #expect((29...31).contains(made(stream) - before)) }
    }

    /// A reader that does not read holds up its own request and nobody else's.
    @Test func slowReadersHoldUpThemselves() async throws {
        let model = try await LanguageModel.long()
        let scheduler = SteppedScheduler(model)
        let slow = scheduler.submit(model.noise(8, seed: 1), Self.endless, capacity: 10)
        var options = Self.endless
        options.maximumResponseTokens = 300
        let quick = scheduler.submit(model.noise(8, seed: 2), options)
        while quick.channel.response == nil, scheduler.step() {}
        #expect(made(quick) == 300)
        #expect(made(slow) <= 30)
        #expect(!scheduler.step())
        let before = made(slow)
        for _ in 0..<8 { _ = try await slow.channel.next() }
        #expect(scheduler.step())
        #expect(made(slow) == before + 1)
    }

    /// Nor does it keep a place from others, however many answers it asked for.
    @Test func slowReadersDoNotHoldPlaces() async throws {
        let model = try await LanguageModel.long()
        let scheduler = SteppedScheduler(model, sequences: 4)
        let slow = scheduler.submit(model.noise(8, seed: 1), Self.endless, choices: 4, capacity: 10)
        while scheduler.step() {}
        #expect(slow.channel.isFull)
        let quick = scheduler.submit(
            model.noise(8, seed: 2), .init(sampling: .greedy, maximumResponseTokens: 40), choices: 4)
        while scheduler.step() {}
        #expect(quick.channel.response != nil)
        let before = made(slow)
        for _ in 0..<8 { _ = try await slow.channel.next() }
        while scheduler.step() {}
        #expect(made(slow) > before)
    }

    /// Readers that catch up at the same time: no more answers together than there are places, the oldest first.
    @Test func readersThatCatchUpTakeTurns() async throws {
        let model = try await LanguageModel.long()
        let scheduler = SteppedScheduler(model, sequences: 2)
        let requests = (0..<6).map { scheduler.submit(model.noise(8, seed: $0), Self.endless, capacity: 4) }
        while scheduler.step() {}
        #expect(requests.allSatisfy { $0.channel.isFull })
        let before = requests.map(made)
        for request in requests { for _ in 0..<3 { _ = try await request.channel.next() } }
        // Every pass is checked; nobody reads on, so the first two soon leave their turn to the next.
        while scheduler.step() {}
        #expect(zip(requests, before).allSatisfy { made($0) > $1 })
    }

    /// Under memory pressure one that does not read makes way, whenever it came.
    @Test func slowReadersDoNotHoldMemory() async throws {
        let model = try await LanguageModel.long()
        let scheduler = SteppedScheduler(model, pages: 10)
        let slow = scheduler.submit(model.noise(400, seed: 1), Self.endless, capacity: 2)
        while scheduler.step() {}
        #expect(slow.channel.isFull)
        let quick = scheduler.submit(model.noise(450, seed: 2), .init(sampling: .greedy, maximumResponseTokens: 40))
        while scheduler.step() {}
        #expect(quick.channel.response != nil)
        #expect(scheduler.scheduler.statistics.setBack == 1)
        let before = made(slow)
        for _ in 0..<2 { _ = try await slow.channel.next() }
        while scheduler.step() {}
        #expect(made(slow) > before)
    }

    /// Two that begin alike read the common part once, also when they come together.
    @Test func commonPrefixesAreReadOnce() async throws {
        let model = try await LanguageModel.long()
        let scheduler = SteppedScheduler(model, chunk: 128)
        let common = model.noise(1000, seed: 1)
        let requests = (0..<8).map {
            scheduler.submit(
                common + model.noise(20, seed: 50 + $0), .init(sampling: .greedy, maximumResponseTokens: 3))
        }
        scheduler.finish()
        // What is not a full page is read by each.
        #expect(scheduler.scheduler.statistics.promptTokens <= 1000 + 8 * (64 + 20))
        #expect(requests.reduce(0) { $0 + $1.cachedTokens } >= 7 * 960)
        #expect(scheduler.isIdle)
    }
}
