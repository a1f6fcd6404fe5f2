import TensorCore
import Tokenization

/// One answer in the making: how its tokens are chosen, and what is told of them.
///
/// Choosing is the costly part and may run on any one thread; everything else runs on the engine's.
final class Answer {
    /// A token that was chosen.
    struct Chosen {
        var token: TokenID
        var logprob: TokenLogprob?
        /// Whether the grammar allows nothing after it.
        var isLast = false
    }

    /// Which of the request's answers it is.
    let index: Int
    /// Seed of its random numbers.
    var seed: UInt64 { sampler.seed }
    private(set) var tokens: [TokenID] = []
    private(set) var isFinished = false
    /// What came of choosing the next token in the last pass.
    var choice: Result<Chosen, any Error>?
    var drafter: (any Drafter)?
    var draftedTokens = 0
    var acceptedDraftTokens = 0

    private let options: GenerationOptions
    private let tokenizer: Tokenizer
    private var sampler: Sampler
    private var constraint: TokenConstraint?
    private var decoder: StreamingDecoder
    private var stops: StopMatcher
    private var text = ""
    private var untold: (tokens: [TokenID], logprobs: [TokenLogprob]) = ([], [])
    private var timings = Timings()
    private var ending: TokenLogprob?
    private var promptEnd: ContinuousClock.Instant?

    init(
        _ index: Int, model: LanguageModel, options: GenerationOptions, prompt: ActiveRequest.Prompt, seed: UInt64?,
        constraint: TokenConstraint?, drafter: (any Drafter)?
    ) throws {
        self.index = index
        self.options = options
        self.drafter = drafter
        tokenizer = model.tokenizer
        sampler = try model.makeSampler(options, promptTokens: prompt.tokens, seed: seed)
        self.constraint = constraint
        decoder = StreamingDecoder(
            model.tokenizer, skipSpecialTokens: !options.includesSpecialTokens, continuing: prompt.isContinued)
        stops = StopMatcher(options.stop)
    }

    /// Tokens that may still come; nil for any number.
    var tokensLeft: Int? { options.maximumResponseTokens.map { $0 - tokens.count } }

    func promptIsRead(started: ContinuousClock.Instant) {
        let now = ContinuousClock.now
        timings.prompt = (now - started).seconds
        promptEnd = now
    }

    /// Whether `token` would end the answer, if it comes next.
    func ends(with token: TokenID) -> Bool {
        !options.ignoresEndOfGeneration && tokenizer.endOfGeneration.contains(token)
    }

    /// Chooses the next token by `logits`. Once for each token: random numbers are used up.
    func choose(by logits: Span<Float>, _ rows: ScratchRows) throws -> Chosen {
        var row = rows.copy(logits)
        defer { rows.put(row) }
        if constraint != nil {
            var span = row.mutableSpan
            try constraint?.mask(&span)
        }
        let token = try sampler.sample(&row, in: 0..<row.count)
        sampler.accept(token)
        constraint?.accept(token)
        let logprob = options.topLogprobs.map { TokenLogprob(token, in: logits, alternatives: $0, tokenizer) }
        return Chosen(token: token, logprob: logprob, isLast: constraint?.isFinished ?? false)
    }

    /// Takes a token that was chosen.
    /// - Returns: What to tell the reader, and why the answer ends with this token, if it does.
    func take(_ chosen: Chosen, submitted: ContinuousClock.Instant) -> (event: GenerationEvent?, end: FinishReason?) {
        if tokens.isEmpty { timings.firstToken = (ContinuousClock.now - submitted).seconds }
        if ends(with: chosen.token) {
            ending = chosen.logprob
            return (nil, .stop)
        }
        tokens.append(chosen.token)
        drafter?.accept(chosen.token)
        untold.tokens.append(chosen.token)
        if let logprob = chosen.logprob { untold.logprobs.append(logprob) }
        let piece = stops.append(decoder.append(chosen.token))
        let event = tell(piece.text, always: chosen.logprob != nil)
        if let stop = piece.stop { return (event, .stopSequence(stop)) }
        if chosen.isLast { return (event, .stop) }
        return (event, tokensLeft == 0 ? .length : nil)
    }

    /// Ends the answer.
    /// - Returns: What is left to tell, and the whole.
    func finish(
        _ reason: FinishReason, submitted: ContinuousClock.Instant, usage: Usage, droppedTurns: Int
    ) -> (event: GenerationEvent?, response: Response) {
        isFinished = true
        var reason = reason
        var event: GenerationEvent?
        if case .stopSequence = reason {
            event = tell("", always: !untold.tokens.isEmpty)
        } else {
            let rest = stops.append(decoder.finish())
            event = tell(rest.text + (rest.stop == nil ? stops.finish() : ""), always: !untold.tokens.isEmpty)
            if let stop = rest.stop { reason = .stopSequence(stop) }
        }
        if let promptEnd { timings.generation = (ContinuousClock.now - promptEnd).seconds }
        var usage = usage
        usage.draftedTokens = draftedTokens
        usage.acceptedDraftTokens = acceptedDraftTokens
        var response = Response(
            content: text, tokens: tokens, finishReason: reason, usage: usage, timings: timings, seed: seed,
            droppedTurns: droppedTurns)
        response.ending = ending
        return (event, response)
    }

    private func tell(_ piece: String, always: Bool) -> GenerationEvent? {
        text += piece
        guard always || !piece.isEmpty else { return nil }
        defer { untold = ([], []) }
        return .delta(choice: index, text: piece, tokens: untold.tokens, logprobs: untold.logprobs)
    }
}

extension Duration {
    /// The same in seconds.
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
