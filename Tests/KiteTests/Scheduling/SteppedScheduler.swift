import TensorCore
import Testing

@testable import Kite

/// A scheduler whose passes the test runs one by one, on its own thread: what happens in which pass does not depend on
/// the machine. Every pass is followed by a check of what must always hold.
final class SteppedScheduler {
    let model: LanguageModel
    let scheduler: Scheduler

    /// - Parameters:
    ///   - pages: Most pages of keys and values.
    ///   - sequences: Most answers together.
    init(_ model: LanguageModel, pages: Int = 1000, sequences: Int = 16, chunk: Int? = nil) {
        self.model = model
        scheduler = Scheduler(
            transformer: model.transformer, pages: KVPagePool(limit: pages),
            limits: .init(
                sequences: sequences, contextLength: model.contextLength, promptChunk: chunk ?? model.promptChunk),
            mailbox: EngineMailbox(maximumSequences: sequences, maximumWaiting: 1000))
    }

    /// Queues a request.
    /// - Parameter capacity: Events that may wait for the reader.
    @discardableResult
    func submit(
        _ prompt: [TokenID], _ options: GenerationOptions = .init(sampling: .greedy), choices: Int = 1,
        promptLogprobs: Int? = nil, isCaching: Bool = true, capacity: Int = 100_000,
        drafter: (([TokenID]) -> (any Drafter)?)? = nil
    ) -> ActiveRequest {
        let request = ActiveRequest(
            model: model, options: options, choices: choices, promptLogprobs: promptLogprobs,
            isCachingPrompt: isCaching, channel: EventChannel(capacity: capacity), drafter: drafter,
            prepare: { .init(tokens: prompt) })
        scheduler.enqueue([request])
        return request
    }

    /// Runs a pass. Returns whether there was one.
    @discardableResult
    func step() -> Bool {
        let hasRun = scheduler.advance(isPoked: true)
        let statistics = scheduler.statistics
        #expect(statistics.kvPages <= statistics.kvPageLimit)
        let ready = scheduler.readySequences
        #expect(ready.count <= scheduler.limits.sequences || ready.allSatisfy { $0.request === ready[0].request })
        return hasRun
    }

    /// Runs passes until there is nothing to do.
    func finish(atMost passes: Int = 100_000) {
        for _ in 0..<passes where !step() { return }
        Issue.record("more passes than expected")
    }

    /// Whether all pages that are left are ones that later requests may use.
    var isIdle: Bool {
        let statistics = scheduler.statistics
        return statistics.running == 0 && statistics.waiting == 0 && scheduler.running.isEmpty
            && statistics.kvPages == statistics.cachedKVPages && statistics.kvPages == scheduler.prefixes.pageCount
    }
}

/// All that a request told.
struct Told {
    var cachedTokens: Int?
    var promptLogprobs: [TokenLogprob?] = []
    var texts: [Int: String] = [:]
    var tokens: [Int: [TokenID]] = [:]
    var logprobs: [Int: [TokenLogprob]] = [:]
    var responses: [Int: Response] = [:]

    /// Reads a request that has ended to its end.
    init(_ request: ActiveRequest) async throws {
        while let event = try await request.channel.next() { add(event) }
    }

    init(_ stream: GenerationStream) async throws {
        for try await event in stream { add(event) }
    }

    private mutating func add(_ event: GenerationEvent) {
        switch event {
        case .prompt(let cached, let logprobs):
            #expect(cachedTokens == nil && tokens.isEmpty)
            cachedTokens = cached
            promptLogprobs = logprobs
        case .delta(let choice, let text, let more, let known):
            #expect(responses[choice] == nil)
            texts[choice, default: ""] += text
            tokens[choice, default: []] += more
            logprobs[choice, default: []] += known
        case .finished(let choice, let response):
            responses[choice] = response
            #expect(texts[choice, default: ""] == response.content)
            #expect(tokens[choice, default: []] == response.tokens)
        }
    }
}

/// Numbers that are the same every time.
struct Sequence32: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ state >> 29
    }
}

extension LanguageModel {
    /// The built-in model with a context of 4,096 tokens.
    static func long(_ change: (inout LoadOptions) -> Void = { _ in }) async throws -> LanguageModel {
        var options = LoadOptions(threads: 2, contextLength: 4096)
        change(&options)
        return try await .load(.nano, options: options)
    }

    /// Tokens that mean nothing.
    func noise(_ count: Int, seed: UInt64) -> [TokenID] {
        var random = Sequence32(state: seed)
        return (0..<count).map { _ in TokenID.random(in: 300..<500, using: &random) }
    }
}
