/// Why an answer ended.
public enum FinishReason: Sendable, Hashable {
    /// The model ended it.
    case stop
    /// The most tokens asked for were made.
    case length
    /// One of the stop strings came up; the answer ends before it.
    case stopSequence(String)
    /// Prompt and answer fill the context.
    case contextFull
    /// The time that ``GenerationOptions/deadline`` allows is over.
    case deadline
    /// Nobody wanted it any more: the task was cancelled or the stream dropped.
    case cancelled

    /// The name machines know it by: `stop`, `length`, `cancelled`.
    public var name: String {
        switch self {
        case .stop, .stopSequence: "stop"
        case .length, .contextFull, .deadline: "length"
        case .cancelled: "cancelled"
        }
    }
}

/// Tokens that a request used.
public struct Usage: Sendable, Hashable {
    /// Tokens of the prompt.
    public var promptTokens: Int
    /// Those of them that were still in the cache.
    public var cachedPromptTokens: Int
    /// Tokens of the answer.
    public var completionTokens: Int
    /// Tokens that were guessed and checked (``GenerationOptions/draft``).
    public var draftedTokens = 0
    /// Those of them that became part of the answer: as many passes over the model were saved.
    public var acceptedDraftTokens = 0
}

/// Where the time of a request went, in seconds.
public struct Timings: Sendable, Hashable {
    /// Reading the part of the prompt that was not cached.
    public var prompt: Double = 0
    /// Making the answer.
    public var generation: Double = 0
    /// From the request to the first token.
    public var firstToken: Double = 0
}

/// A finished answer.
public struct Response: Sendable {
    /// The text.
    public let content: String
    /// The tokens it was made of, without the one that ended it.
    public let tokens: [TokenID]
    /// Why it ended.
    public let finishReason: FinishReason
    /// Tokens used.
    public let usage: Usage
    /// Time used.
    public let timings: Timings
    /// Seed of the sampler; with the same seed, prompt and options the answer comes again.
    public let seed: UInt64
    /// The end-of-generation token that ended the answer, where log-probabilities were asked for. It is not among
    /// ``tokens``.
    public internal(set) var ending: TokenLogprob?
    /// Old turns (a question with its answer) that no longer fitted the context and were left out of the prompt.
    public let droppedTurns: Int
}
