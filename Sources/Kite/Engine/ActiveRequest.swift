import Synchronization
import Tokenization

/// A request from its submission to its end.
///
/// What changes is touched only by the engine's thread, except ``fail(_:)`` of a request that was never let in.
final class ActiveRequest: @unchecked Sendable {
    /// What a request starts from, worked out on the engine's thread when its turn comes.
    struct Prompt {
        var tokens: [TokenID]
        /// As ``GenerationRequest/isContinued``.
        var isContinued = false
        var droppedTurns = 0
    }

    /// What is wanted of the prompt.
    enum Purpose {
        /// Answers.
        case answers
        /// The mean of its hidden states.
        case embedding(completion: (Result<[Float], any Error>) -> Void)
    }

    let model: LanguageModel
    let options: GenerationOptions
    let choices: Int
    let promptLogprobs: Int?
    let isCachingPrompt: Bool
    /// nil for none.
    let adapters: AdapterSet?
    let purpose: Purpose
    let channel: EventChannel
    /// Whether the request belongs to a larger one that was let in.
    let isPartOfLarger: Bool
    let submitted: ContinuousClock.Instant
    /// When its time is over.
    var deadline: ContinuousClock.Instant?
    private let prepare: () throws -> Prompt
    /// The grammar at the start of an answer of its own, and of one that goes on within a text; nil without a grammar.
    private let constraints: (own: Result<TokenConstraint, any Error>, continued: Result<TokenConstraint, any Error>)?
    private let makeDrafter: (_ prompt: [TokenID]) -> (any Drafter)?
    private let completion: (Result<Response, any Error>) -> Void
    /// Told how many tokens prompt and answer have, as they grow.
    let progress: TokenCount?

    /// nil until the request's turn comes.
    private(set) var prompt: Prompt?
    private(set) var answers: [Answer] = []
    var unfinishedAnswers = 0
    /// When its turn came.
    var started: ContinuousClock.Instant?
    /// Tokens of the prompt that were in the cache.
    var cachedTokens = 0
    /// The prompt's log-probabilities as far as they are known, by the token they are of.
    var promptLogprobsKnown: [TokenLogprob?] = []
    /// Whether the prompt was read to its end.
    private(set) var isPromptRead = false

    /// - Parameters:
    ///   - progress: Told how many tokens prompt and answer have.
    ///   - isPartOfLarger: Whether it is let in however many wait.
    ///   - drafter: Makes what guesses an answer's tokens; nil takes what `options` ask for.
    ///   - prepare: Works out the prompt when the request's turn comes.
    ///   - completion: Told how it ended (the first choice's response) before the stream ends.
    init(
        model: LanguageModel, options: GenerationOptions, choices: Int = 1, promptLogprobs: Int? = nil,
        isCachingPrompt: Bool = true, adapters: AdapterSet? = nil, purpose: Purpose = .answers, channel: EventChannel,
        progress: TokenCount? = nil, isPartOfLarger: Bool = false, drafter: (([TokenID]) -> (any Drafter)?)? = nil,
        prepare: @escaping () throws -> Prompt,
        completion: @escaping (Result<Response, any Error>) -> Void = { _ in }
    ) {
        self.model = model
        self.options = options
        self.choices = choices
        self.promptLogprobs = promptLogprobs
        self.isCachingPrompt = isCachingPrompt
        self.adapters = adapters.flatMap { $0.isEmpty ? nil : $0 }
        self.purpose = purpose
        self.channel = channel
        self.progress = progress
        self.isPartOfLarger = isPartOfLarger
        self.prepare = prepare
        self.completion = completion
        let now = ContinuousClock.now
        submitted = now
        deadline = options.deadline.map { now + $0 }
        makeDrafter = drafter ?? { model.makeDrafter(options, prompt: $0) }
        // Made ready here and not on the engine's thread, which has others waiting; both ways, as the prompt is not known.
        constraints = options.grammar.map { grammar in
            (
                Result { try model.constraints.constraint(grammar) },
                Result { try model.constraints.constraint(grammar, isContinued: true) }
            )
        }
    }

    /// Whether the request is for hidden states.
    var isEmbedding: Bool {
        if case .embedding = purpose { true } else { false }
    }

    /// What its keys and values depend on besides the tokens.
    var adapterKey: AnyHashable { AnyHashable(adapters) }

    /// Whether nobody wants the answers any more.
    var isCancelled: Bool { channel.isCancelled }

    /// Works out the prompt, once.
    func begin() throws -> Prompt {
        if let prompt { return prompt }
        try options.validate()
        try adapters?.check(model.configuration)
        let prompt = try prepare()
        guard !prompt.tokens.isEmpty else { throw GenerationError.emptyPrompt }
        // A text that is only measured may fill the context, and so may one that a single token is to follow: it is not read.
        let isMeasured = isEmbedding || options.maximumResponseTokens ?? .max <= 1
        guard prompt.tokens.count < model.contextLength + (isMeasured ? 1 : 0) else {
            throw GenerationError.promptTooLong(tokens: prompt.tokens.count, contextLength: model.contextLength)
        }
        let size = model.configuration.vocabularySize
        for id in prompt.tokens where id < 0 || Int(id) >= size {
            throw GenerationError.tokenOutOfRange(id, vocabularySize: size)
        }
        if !isEmbedding {
            let constraint = try (prompt.isContinued ? constraints?.continued : constraints?.own)?.get()
            let drafter = makeDrafter(prompt.tokens)
            for index in 0..<choices {
                let seed = answers.first.map { $0.seed &+ UInt64(index) }
                answers.append(
                    try Answer(
                        index, model: model, options: options, prompt: prompt, seed: seed, constraint: constraint,
                        drafter: drafter))
            }
        }
        if promptLogprobs != nil { promptLogprobsKnown = .init(repeating: nil, count: prompt.tokens.count) }
        unfinishedAnswers = choices
        self.prompt = prompt
        return prompt
    }

    /// The prompt was read to its end.
    func promptIsRead() {
        guard !isPromptRead else { return }
        isPromptRead = true
        for answer in answers { answer.promptIsRead(started: started ?? submitted) }
        if !isEmbedding {
            channel.push(.prompt(cachedTokens: cachedTokens, logprobs: promptLogprobsKnown))
            promptLogprobsKnown = []
        }
    }

    /// An answer ended.
    func finish(_ answer: Answer, _ reason: FinishReason) {
        let usage = Usage(
            promptTokens: prompt?.tokens.count ?? 0, cachedPromptTokens: cachedTokens,
            completionTokens: answer.tokens.count)
        let (delta, response) = answer.finish(
            reason, submitted: submitted, usage: usage, droppedTurns: prompt?.droppedTurns ?? 0)
        if let delta { channel.push(delta) }
        channel.push(.finished(choice: answer.index, response))
    }

    /// All answers ended.
    func complete() {
        if let response = channel.response { completion(.success(response)) }
        channel.finish()
    }

    /// Nobody wants it any more, before or after its turn came.
    func cancel() {
        switch purpose {
        case .embedding(let completion): completion(.failure(CancellationError()))
        case .answers:
            for answer in answers where !answer.isFinished { finish(answer, .cancelled) }
            if answers.isEmpty { channel.push(.finished(choice: 0, .unstarted)) }
            if let response = channel.response { completion(.success(response)) }
        }
        channel.finish()
    }

    /// The hidden states' mean is known.
    func complete(_ embedding: [Float]) {
        if case .embedding(let completion) = purpose { completion(.success(embedding)) }
        channel.finish()
    }

    /// It cannot be answered.
    func fail(_ error: any Error) {
        if case .embedding(let completion) = purpose { completion(.failure(error)) }
        completion(.failure(error))
        channel.finish(throwing: error)
    }

}

/// How many tokens a conversation has, for any thread.
final class TokenCount: Sendable {
    private let count = Atomic(0)

    var value: Int {
        get { count.load(ordering: .relaxed) }
        set { count.store(newValue, ordering: .relaxed) }
    }
}

extension Response {
    /// Of a request that was cancelled before its turn came.
    static let unstarted = Response(
        content: "", tokens: [], finishReason: .cancelled,
        usage: Usage(promptTokens: 0, cachedPromptTokens: 0, completionTokens: 0), timings: Timings(), seed: 0,
        droppedTurns: 0)
}
