import TensorCore
import Tokenization

/// One text that is read and written: a choice of a request, or a text whose hidden states are wanted.
///
/// Its state between passes is its tokens and how many of them were read. So one that has made room for another goes on
/// by reading its tokens again, and nobody can tell. Only for the engine's thread.
final class RunningSequence {
    let request: ActiveRequest
    /// nil for hidden states.
    let answer: Answer?
    /// Prompt and answer so far. The last one chosen is read in the next pass.
    private(set) var tokens: [TokenID]
    /// Keys and values of the first of them.
    var cache: KVSequence
    /// The first pages of `cache`, where others can find them.
    private(set) var nodes: [PrefixCache.Node] = []
    /// Whether it has made room for another and waits for room to come back.
    var isSetBack = false
    /// Whether its request has ended.
    var isGone = false
    /// Passes that others read in while this one had to wait.
    var passesWaited = 0
    /// Most tokens it had read when it was set back: to find those again saves nothing.
    private(set) var mostRead = 0
    /// Sum of the hidden states of the tokens read.
    var hidden: [Double] = []

    init(_ request: ActiveRequest, _ answer: Answer?, _ tokens: [TokenID], _ cache: KVSequence) {
        self.request = request
        self.answer = answer
        self.tokens = tokens
        self.cache = cache
    }

    /// Tokens still to be read.
    var pending: Int { tokens.count - cache.length }

    /// Whether it makes tokens rather than reads what it was given.
    var isAnswering: Bool { request.isPromptRead && pending == 1 }

    /// Whether a pass may take it along.
    var isReady: Bool { !isSetBack && !request.channel.isFull }

    /// The first token of the prompt whose successor's log-probability is still to be told; nil when none is wanted.
    private var firstUnknown: Int? {
        guard wantsPromptLogprobs else { return nil }
        // The first token has none; those after it become known in order.
        return max((request.promptLogprobsKnown.dropFirst().firstIndex { $0 == nil } ?? tokens.count) - 1, 0)
    }

    /// Whether rows of the prompt are wanted from the next pass on.
    var wantsPromptLogprobs: Bool { !request.isPromptRead && request.promptLogprobs != nil }

    func append(_ token: TokenID) {
        tokens.append(token)
        request.progress?.value = tokens.count
    }

    /// Another choice, from where this one stands.
    func fork(_ answer: Answer, _ prefixes: PrefixCache) -> RunningSequence {
        let fork = RunningSequence(request, answer, tokens, cache)
        fork.nodes = nodes
        for node in nodes { prefixes.pin(node) }
        return fork
    }

    // MARK: Pages of others

    /// Takes over what others have read of the tokens to come.
    /// - Returns: How many tokens that saves.
    func adopt(from prefixes: PrefixCache) -> Int {
        guard request.isCachingPrompt, !request.isEmbedding, pending > 1 else { return 0 }
        let before = max(cache.length, mostRead)
        // The last token is always computed: its logits are wanted.
        let limit = min(tokens.count - 1, firstUnknown ?? .max)
        let size = KVLayout.pageTokens
        var level = prefixes.level(after: nodes.last, request.adapterKey)
        while (nodes.count + 1) * size <= limit {
            let start = nodes.count * size
            guard let node = prefixes.page(of: tokens[start...], in: level) else { break }
            // What was read of this page itself gives way.
            cache.truncate(to: start)
            cache.append(sharing: node.page, tokens: size)
            prefixes.pin(node)
            nodes.append(node)
            level = node.following
        }
        let start = nodes.count * size
        if cache.length <= start, let (node, shared) = prefixes.partialPage(of: tokens[start..<limit], in: level) {
            cache.truncate(to: start)
            cache.append(sharing: node.page, tokens: shared)
        }
        return max(cache.length - before, 0)
    }

    /// Lets others find the pages that became full.
    func offerPages(to prefixes: PrefixCache) {
        guard request.isCachingPrompt, !request.isEmbedding else { return }
        let size = KVLayout.pageTokens
        while (nodes.count + 1) * size <= min(cache.length, tokens.count) {
            let index = nodes.count
            let block = Array(tokens[index * size..<(index + 1) * size])
            let level = prefixes.level(after: nodes.last, request.adapterKey)
            let node = prefixes.insert(block, cache.pages[index], in: level)
            // Another may have read the same: one page serves both.
            if node.page !== cache.pages[index] { cache.share(node.page, at: index) }
            nodes.append(node)
        }
    }

    /// Lets go of all pages; what is in them may be found by others.
    func releasePages(to prefixes: PrefixCache) {
        mostRead = max(mostRead, cache.length)
        offerPages(to: prefixes)
        let start = nodes.count * KVLayout.pageTokens
        let end = min(cache.length, tokens.count)
        if request.isCachingPrompt, !request.isEmbedding, end > start, nodes.count < cache.pages.count {
            prefixes.insertEnd(
                Array(tokens[start..<end]), cache.pages[nodes.count],
                in: prefixes.level(after: nodes.last, request.adapterKey))
        }
        prefixes.release(nodes)
        nodes = []
        cache.truncate(to: 0)
    }
}
