/// What a model's engine is doing and has done.
public struct EngineStatistics: Sendable, Hashable {
    /// Answers being made, prompts being read included.
    public var running = 0
    /// Requests waiting for their turn.
    public var waiting = 0
    /// Pages of the key/value cache in memory, of ``KVLayout/pageTokens`` tokens each.
    public var kvPages = 0
    /// Those of them that no request holds: kept because a later request may begin with the same tokens.
    public var cachedKVPages = 0
    /// Most pages there may be.
    public var kvPageLimit = 0
    /// Bytes of a page.
    public var kvPageBytes = 0
    /// Pages forgotten to make room, so far.
    public var evictedKVPages = 0
    /// Answers set back for lack of memory and computed again later, so far.
    public var setBack = 0
    /// Passes over the model so far.
    public var passes = 0
    /// Seconds that passes took so far.
    public var passSeconds = 0.0
    /// Tokens of prompts computed so far.
    public var promptTokens = 0
    /// Tokens of prompts that were in the cache, so far.
    public var cachedPromptTokens = 0
    /// Tokens of answers made so far.
    public var generatedTokens = 0
    /// Requests answered so far, cancelled ones not included.
    public var finishedRequests = 0
    /// Requests cancelled so far.
    public var cancelledRequests = 0
    /// Requests that failed so far.
    public var failedRequests = 0
    /// Requests turned away because too many were waiting, so far.
    public var refusedRequests = 0

    /// Nothing done yet.
    public init() {}
}
