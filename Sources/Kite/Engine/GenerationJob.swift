/// One request on the engine's thread: reads the prompt chunk by chunk, then makes the answer token by token.
///
/// Everything mutable is touched only from `advance`, that is on the engine's thread.
final class GenerationJob: EngineJob, @unchecked Sendable {
    /// What a request starts from, worked out on the engine's thread when its turn comes.
    struct Prompt {
        var tokens: [TokenID]
        /// Whether the answer goes on within a text rather than being one of its own: a SentencePiece answer then keeps
        /// the space before its first word.
        var isContinued = false
        var droppedTurns = 0
    }

    private enum Phase {
        case waiting
        case prompt(next: Int)
        case answer
        case done
    }

    private let model: LanguageModel
    private let sequence: TokenSequence
    private let options: GenerationOptions
    private let channel: ResponseChannel
    private let prepare: () throws -> Prompt
    private let completion: (Result<Response, any Error>) -> Void

    private var phase = Phase.waiting
    private var prompt = Prompt(tokens: [])
    private var cachedTokens = 0
    private var sampler: Sampler?
    private var decoder: StreamingDecoder?
    private let makeDrafter: (_ prompt: [TokenID]) -> (any Drafter)?
    private var drafter: (any Drafter)?
    private var draftedTokens = 0
    private var acceptedDraftTokens = 0
    private var stops: StopMatcher
    private var answer: [TokenID] = []
    private var text = ""
    private var timings = Timings()
    private let requested = ContinuousClock.now
    private var phaseStart = ContinuousClock.now

    /// - Parameters:
    ///   - drafter: Makes what guesses the answer's tokens; nil takes what `options` ask for.
    ///   - prepare: Works out the prompt when the request's turn comes.
    ///   - completion: Told how it ended, on the engine's thread, before the stream ends.
    init(
        model: LanguageModel, sequence: TokenSequence, options: GenerationOptions, channel: ResponseChannel,
        drafter: (([TokenID]) -> (any Drafter)?)? = nil, prepare: @escaping () throws -> Prompt,
        completion: @escaping (Result<Response, any Error>) -> Void = { _ in }
    ) {
        self.model = model
        self.sequence = sequence
        self.options = options
        self.channel = channel
        self.prepare = prepare
        self.completion = completion
        makeDrafter = drafter ?? { model.makeDrafter(options, prompt: $0) }
        stops = StopMatcher(options.stop)
    }

    func advance() -> EngineProgress {
        do {
            if channel.isCancelled { return finish(.cancelled) }
            switch phase {
            case .waiting:
                try begin()
                return .more
            case .prompt(let next):
                try readPrompt(from: next)
                return .more
            case .answer:
                return try makeToken()
            case .done:
                return .finished
            }
        } catch {
            phase = .done
            sequence.dropGuesses()
            completion(.failure(error))
            channel.fail(error)
            return .finished
        }
    }

    /// Works out the prompt and what of it the cache still holds.
    private func begin() throws {
        try options.validate()
        prompt = try prepare()
        guard !prompt.tokens.isEmpty else { throw GenerationError.emptyPrompt }
        guard prompt.tokens.count < model.contextLength else {
            throw GenerationError.promptTooLong(tokens: prompt.tokens.count, contextLength: model.contextLength)
        }
        sampler = try model.makeSampler(options, promptTokens: prompt.tokens)
        decoder = StreamingDecoder(
            model.tokenizer, skipSpecialTokens: !options.includesSpecialTokens, continuing: prompt.isContinued)
        drafter = makeDrafter(prompt.tokens)
        // The last token is always computed anew: its logits choose the first token of the answer.
        cachedTokens = min(sequence.commonPrefix(with: prompt.tokens), prompt.tokens.count - 1)
        sequence.keepFirst(cachedTokens)
        phaseStart = .now
        phase = .prompt(next: cachedTokens)
    }

    private func readPrompt(from next: Int) throws {
        let end = min(next + model.promptChunk, prompt.tokens.count)
        let isLast = end == prompt.tokens.count
        try sequence.append(prompt.tokens[next..<end], logits: isLast ? .last : .none)
        phase = isLast ? .answer : .prompt(next: end)
        if isLast {
            timings.prompt = seconds(since: phaseStart)
            phaseStart = .now
        }
    }

    /// Chooses a token, passes its text on, and computes what follows it, unless an earlier pass did.
    private func makeToken() throws -> EngineProgress {
        if let most = options.maximumResponseTokens, answer.count >= most { return finish(.length) }
        guard var sampler = sampler.take() else { return finish(.stop) }
        let token = try sequence.sample(with: &sampler)
        self.sampler = sampler
        if answer.isEmpty { timings.firstToken = seconds(since: requested) }
        if !options.ignoresEndOfGeneration, model.tokenizer.endOfGeneration.contains(token) {
            return finish(.stop)
        }
        answer.append(token)
        let piece = stops.append(decoder?.append(token) ?? "")
        let keepsUp = emit(piece.text)
        if let stop = piece.stop { return finish(.stopSequence(stop), flushing: false) }
        if answer.count == options.maximumResponseTokens { return finish(.length) }
        if sequence.count >= model.contextLength { return finish(.contextFull) }
        drafter?.accept(token)
        if sequence.confirm(token) {
            acceptedDraftTokens += 1
        } else {
            try read(token)
        }
        return keepsUp ? .more : .blocked
    }

    /// Reads the answer's last token, and with it what is likely to follow.
    private func read(_ token: TokenID) throws {
        let wanted = options.maximumResponseTokens.map { $0 - answer.count - 1 } ?? .max
        let room = min(wanted, model.contextLength - sequence.count - 1, model.promptChunk - 1)
        let draft = drafter?.draft(atMost: room) ?? []
        let start = ContinuousClock.now
        try sequence.append(token, guessing: draft)
        draftedTokens += draft.count
        drafter?.note(columns: 1 + draft.count, seconds: seconds(since: start))
    }

    private func emit(_ piece: String) -> Bool {
        guard !piece.isEmpty else { return true }
        text += piece
        return channel.push(.init(text: piece, tokenCount: answer.count))
    }

    private func finish(_ reason: FinishReason, flushing: Bool = true) -> EngineProgress {
        var reason = reason
        if flushing {
            let rest = stops.append(decoder?.finish() ?? "")
            _ = emit(rest.text + (rest.stop == nil ? stops.finish() : ""))
            if let stop = rest.stop { reason = .stopSequence(stop) }
        }
        if case .answer = phase { timings.generation = seconds(since: phaseStart) }
        phase = .done
        sequence.dropGuesses()
        let response = Response(
            content: text, tokens: answer, finishReason: reason,
            usage: Usage(
                promptTokens: prompt.tokens.count, cachedPromptTokens: cachedTokens, completionTokens: answer.count,
                draftedTokens: draftedTokens, acceptedDraftTokens: acceptedDraftTokens),
            timings: timings, seed: sampler?.seed ?? 0, droppedTurns: prompt.droppedTurns)
        completion(.success(response))
        channel.finish(response)
        return .finished
    }

    private func seconds(since start: ContinuousClock.Instant) -> Double {
        let (whole, attoseconds) = (ContinuousClock.now - start).components
        return Double(whole) + Double(attoseconds) * 1e-18
    }
}
