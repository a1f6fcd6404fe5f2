import TensorCore
import Testing

@testable import Kite

/// What was read before is found again, and makes room when it must.
@Suite struct PrefixCacheTests {
    private static func options(_ tokens: Int) -> GenerationOptions {
        .init(sampling: .greedy, maximumResponseTokens: tokens, ignoresEndOfGeneration: true)
    }

    private func ask(
        _ scheduler: SteppedScheduler, _ prompt: [TokenID], tokens: Int = 1, isCaching: Bool = true
    ) async throws -> Told {
        let request = scheduler.submit(prompt, Self.options(tokens), isCaching: isCaching)
        scheduler.finish()
        #expect(scheduler.isIdle)
        return try await Told(request)
    }

    /// Full pages, parts of pages, and prompt and answer together.
    @Test func whatWasReadIsFound() async throws {
        let model = try await LanguageModel.long()
        let scheduler = SteppedScheduler(model)
        let prompt = model.noise(200, seed: 1)
        let first = try await ask(scheduler, prompt, tokens: 30)
        #expect(first.cachedTokens == 0)
        #expect(first.responses[0]?.usage.cachedPromptTokens == 0)
        #expect(try await ask(scheduler, prompt).cachedTokens == 199)
        // A conversation: prompt, answer, and more. The last token of the answer was never read.
        let conversation = prompt + (first.tokens[0] ?? []) + model.noise(50, seed: 2)
        let second = try await ask(scheduler, conversation)
        #expect(second.cachedTokens == 229)
        #expect(second.responses[0]?.usage.cachedPromptTokens == 229)
        // Other texts that begin alike: all of a page or the part that is the same.
        #expect(try await ask(scheduler, Array(prompt.prefix(128)) + [301, 302]).cachedTokens == 128)
        #expect(try await ask(scheduler, Array(prompt.prefix(150)) + [301, 302]).cachedTokens == 150)
        #expect(try await ask(scheduler, Array(prompt.prefix(65))).cachedTokens == 64)
        // Two tokens are not worth the copy of a page.
        #expect(try await ask(scheduler, Array(prompt.prefix(130)) + model.noise(9, seed: 4)).cachedTokens == 128)
        #expect(try await ask(scheduler, [310] + prompt).cachedTokens == 0)
    }

    @Test func cachingCanBeTurnedOff() async throws {
        let model = try await LanguageModel.long()
        let scheduler = SteppedScheduler(model)
        let prompt = model.noise(200, seed: 1)
        #expect(try await ask(scheduler, prompt, isCaching: false).cachedTokens == 0)
        #expect(scheduler.scheduler.statistics.kvPages == 0)
        _ = try await ask(scheduler, prompt)
        #expect(try await ask(scheduler, prompt, isCaching: false).cachedTokens == 0)
    }

    /// The pages used least recently go first, and a text's last pages before its first.
    @Test func leastRecentlyUsedGoesFirst() async throws {
        let model = try await LanguageModel.long()
        let scheduler = SteppedScheduler(model, pages: 14)
        let texts = (0..<3).map { model.noise(64 * 4 + 1, seed: $0) }
        for text in texts { _ = try await ask(scheduler, text) }
        #expect(scheduler.scheduler.statistics.kvPages == 12)
        // Text 0 is used again, so that a new one takes pages of text 1.
        #expect(try await ask(scheduler, texts[0]).cachedTokens == 256)
        _ = try await ask(scheduler, model.noise(64 * 3 + 1, seed: 9))
        #expect(scheduler.scheduler.statistics.evictedKVPages > 0)
        #expect(try await ask(scheduler, Array(texts[1].prefix(70))).cachedTokens ?? 0 >= 64, "its first page is left")
        #expect(try await ask(scheduler, texts[0]).cachedTokens == 256)
        #expect(try await ask(scheduler, texts[2]).cachedTokens == 256)
    }

    /// Pages that are used are never evicted: under pressure a request that shares them goes on.
    @Test func pagesInUseStay() async throws {
        let model = try await LanguageModel.long()
        let scheduler = SteppedScheduler(model, pages: 10)
        let prompt = model.noise(64 * 5, seed: 1)
        let expected = try await ask(SteppedScheduler(model), prompt, tokens: 200)
        _ = try await ask(scheduler, prompt)
        let request = scheduler.submit(prompt, Self.options(200))
        for seed in 0..<6 {
            for _ in 0..<10 { scheduler.step() }
            scheduler.submit(model.noise(64 * 4, seed: 100 + UInt64(seed)), Self.options(1))
        }
        scheduler.finish()
        #expect(try await Told(request).tokens[0] == expected.tokens[0])
        #expect(scheduler.scheduler.statistics.evictedKVPages > 0 && scheduler.isIdle)
    }

    /// A conversation that is continued, edited and asked again by several sessions costs only what is new.
    @Test func sessionsShare() async throws {
        let model = try await LanguageModel.load(.nano)
        let greedy = GenerationOptions(sampling: .greedy)
        var texts: [String] = []
        for round in 0..<3 {
            let session = LanguageModelSession(
                model: model, instructions: "Answer in one sentence, and be kind to all.")
            for question in ["What is the capital of Peru?", "My name is Clara.", "What is my name?"] {
                let answer = try await session.respond(to: question, options: greedy)
                texts.append(answer.content)
                // All but the last token, or the few that are not worth the copy of a page.
                if round > 0 { #expect(answer.usage.cachedPromptTokens >= answer.usage.promptTokens - 4) }
            }
        }
        #expect(texts[..<3] == texts[3..<6] && texts[..<3] == texts[6...])
        #expect(model.engineStatistics.kvPages == model.engineStatistics.cachedKVPages)
    }

    /// Against a plain list of all texts: whatever is found has the tokens asked for, and no page is lost or counted twice.
    @Test(arguments: 0..<4) func againstAPlainList(seed: Int) throws {
        let layout = try #require(KVLayout(type: .f32, layers: 1, kvHeads: 1, headSize: 1))
        let pool = KVPagePool(limit: 60)
        let cache = PrefixCache()
        var random = Sequence32(state: UInt64(seed))
        let size = KVLayout.pageTokens
        // Pages by what they stand for, as long as they may be in the cache.
        var held: [[PrefixCache.Node]] = []
        for _ in 0..<3000 {
            switch Int.random(in: 0..<4, using: &random) {
            case 0...1:
                // A text of a few blocks out of two kinds each, so that texts often begin alike.
                let blocks = (0..<Int.random(in: 1...5, using: &random)).map { _ in
                    [TokenID](repeating: TokenID.random(in: 0..<2, using: &random), count: size)
                }
                var nodes: [PrefixCache.Node] = []
                for block in blocks {
                    if let node = cache.page(of: block[...], in: cache.level(after: nodes.last, seed % 2)) {
                        #expect(node.tokens == block)
                        cache.pin(node)
                        nodes.append(node)
                        continue
                    }
                    var sequence = KVSequence(layout, pool: pool)
                    while (try? sequence.reserve(upTo: size)) == nil, cache.evict() {}
                    guard let page = sequence.pages.first else { break }
                    nodes.append(cache.insert(block, page, in: cache.level(after: nodes.last, seed % 2)))
                }
                held.append(nodes)
            case 2:
                guard let index = held.indices.randomElement(using: &random) else { continue }
                cache.release(held.remove(at: index))
            default:
                let level = cache.level(after: held.randomElement(using: &random)?.last, seed % 2)
                let tokens = (0..<Int.random(in: 1..<size, using: &random)).map { _ in
                    TokenID.random(in: 0..<2, using: &random)
                }
                if let (node, shared) = cache.partialPage(of: tokens[...], in: level) {
                    #expect(node.tokens.prefix(shared) == tokens.prefix(shared))
                }
                var sequence = KVSequence(layout, pool: pool)
                if (try? sequence.reserve(upTo: size)) != nil { cache.insertEnd(tokens, sequence.pages[0], in: level) }
            }
            // While a text is held, so are all its pages.
            let pinned = Set(held.flatMap { $0.map(ObjectIdentifier.init) }).count
            #expect(cache.pageCount - cache.unusedCount == pinned)
            #expect(pool.pageCount == cache.pageCount)
        }
        for nodes in held { cache.release(nodes) }
        held = []
        while cache.evict() {}
        #expect(cache.pageCount == 0 && cache.unusedCount == 0 && pool.pageCount == 0)
    }
}
