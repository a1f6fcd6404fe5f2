public import Grammars

/// What guesses the tokens of an answer ahead, so that one pass over the model checks several.
///
/// A guess counts only where the sampler chooses the same token from the model's own logits. So the answer is the same
/// token by token as without, for every way of sampling and every seed.
public enum DraftSource: String, Sendable, Hashable, CaseIterable {
    /// Nothing is guessed: one pass makes one token.
    case none
    /// What followed when prompt and answer read like this before. Good for answers that repeat much of their prompt,
    /// such as an edited document. Costs no memory to speak of; guesses are left out where they would not pay.
    case lookup
}

/// How an answer is made.
public struct GenerationOptions: Sendable, Hashable {
    /// How each token is chosen.
    public var sampling: SamplingOptions
    /// Most tokens of the answer; nil goes on until the model ends or the context is full.
    public var maximumResponseTokens: Int?
    /// Texts that end the answer, wherever token borders fall. They are not part of it.
    public var stop: [String]
    /// Goes on past end-of-generation tokens, which are then never chosen.
    public var ignoresEndOfGeneration: Bool
    /// Writes special tokens of the answer as text instead of leaving them out.
    public var includesSpecialTokens: Bool
    /// Where guesses of the next tokens come from. The answer does not depend on it, only the time it takes.
    public var draft: DraftSource
    /// What the answer may look like; nil for anything. A token that the grammar does not allow is never chosen, and the
    /// answer ends where the grammar does.
    public var grammar: Grammar?
    /// With how many alternatives (0 to ``GenerationRequest/mostAlternatives``) the log-probability of each token of the
    /// answer is told; nil when none are wanted.
    public var topLogprobs: Int?
    /// How long the request may take, waiting included; nil for as long as it needs.
    ///
    /// A request that has no token by then fails with ``GenerationError/deadlineExceeded``; an answer that was begun ends
    /// with what it has (``FinishReason/deadline``).
    public var deadline: Duration?

    /// Options with the given choices.
    public init(
        sampling: SamplingOptions = .init(), maximumResponseTokens: Int? = nil, stop: [String] = [],
        ignoresEndOfGeneration: Bool = false, includesSpecialTokens: Bool = false, draft: DraftSource = .none,
        grammar: Grammar? = nil, topLogprobs: Int? = nil, deadline: Duration? = nil
    ) {
        self.sampling = sampling
        self.maximumResponseTokens = maximumResponseTokens
        self.stop = stop
        self.ignoresEndOfGeneration = ignoresEndOfGeneration
        self.includesSpecialTokens = includesSpecialTokens
        self.draft = draft
        self.grammar = grammar
        self.topLogprobs = topLogprobs
        self.deadline = deadline
    }

    /// Throws ``GenerationError`` naming the first option that makes no sense.
    func validate() throws {
        try sampling.validate()
        if let most = maximumResponseTokens, most < 0 {
            throw GenerationError.invalidOption("maximumResponseTokens", "\(most) is negative")
        }
        if stop.contains("") { throw GenerationError.invalidOption("stop", "a stop string is empty") }
        if stop.count > 256 { throw GenerationError.invalidOption("stop", "more than 256 stop strings") }
        if let count = topLogprobs, !(0...GenerationRequest.mostAlternatives).contains(count) {
            throw GenerationError.invalidOption(
                "topLogprobs", "\(count) is not between 0 and \(GenerationRequest.mostAlternatives)")
        }
        if let deadline, deadline <= .zero {
            throw GenerationError.invalidOption("deadline", "\(deadline) is not in the future")
        }
    }
}

/// Why a request could not be answered.
public enum GenerationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// An option has a value it cannot have.
    case invalidOption(_ option: String, _ problem: String)
    /// The prompt alone does not fit the context.
    case promptTooLong(tokens: Int, contextLength: Int)
    /// There is nothing to continue: the prompt has no tokens.
    case emptyPrompt
    /// There is no answer to make anew.
    case nothingToRegenerate
    /// A token id that the model does not have.
    case tokenOutOfRange(TokenID, vocabularySize: Int)
    /// Prompt and answer would take more memory for keys and values than there may ever be (``LoadOptions/kvMemory``).
    case requestTooLarge(String)
    /// Memory for the context could not be had.
    case outOfMemory(String)
    /// Too many requests are waiting already; it is worth trying again in so many seconds.
    case queueFull(retryAfterSeconds: Int)
    /// The time that ``GenerationOptions/deadline`` allows was over before the first token.
    case deadlineExceeded

    /// One line for a person.
    public var description: String {
        switch self {
        case .invalidOption(let option, let problem): "option \(option): \(problem)"
        case .promptTooLong(let tokens, let limit):
            "the prompt has \(tokens) tokens, the context holds \(limit): shorten it or allow a longer context"
        case .emptyPrompt: "the prompt is empty: there is nothing to continue"
        case .nothingToRegenerate: "there is no answer yet that could be made anew"
        case .tokenOutOfRange(let id, let size): "token \(id) is not in the vocabulary of \(size)"
        case .requestTooLarge(let what): what
        case .outOfMemory(let what): "out of memory: \(what)"
        case .queueFull(let seconds): "too many requests are waiting: try again in \(seconds) s"
        case .deadlineExceeded: "the request's time was over before its first token"
        }
    }
}
