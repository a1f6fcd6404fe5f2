internal import Kite
internal import ModelFiles

/// One answer of a plain completion: through the guards, with what is told of its tokens.
struct CompletionChoice: Sendable {
    /// What there is to tell.
    struct Update: Sendable {
        var text = ""
        /// nil when log-probabilities are not told.
        var logprobs: CompletionLogprobs?
        /// Set with the last update.
        var finishReason: String?

        var isEmpty: Bool { text.isEmpty && logprobs?.isEmpty ?? true && finishReason == nil }
    }

    private let prompt: CompletionJob.Prompt
    private let echo: Bool
    private var guarded: GuardedText
    private var logprobs: CompletionLogprobs?
    /// Why the answer ended; nil until it has.
    private(set) var finishReason: String?
    private var isJudged = false

    init(_ job: CompletionJob, prompt index: Int, guards: GuardSet) {
        prompt = job.prompts[index]
        echo = job.echo
        guarded = guards.guardedText(prompt: job.conversation(index), continuing: job.prompts[index].text)
        logprobs = job.topLogprobs.map { count in
            // Without echo offsets go on from the prompt's end.
            job.echo
                ? CompletionLogprobs(offset: 0, alternatives: count, decoder: StreamingDecoder(job.model.tokenizer))
                : CompletionLogprobs(
                    offset: job.prompts[index].text.unicodeScalars.count, alternatives: count,
                    decoder: Self.answerDecoder(job.model.tokenizer))
        }
    }

    private static func answerDecoder(_ tokenizer: Tokenizer) -> StreamingDecoder {
        StreamingDecoder(tokenizer, skipSpecialTokens: true, continuing: true)
    }

    /// The prompt is read.
    mutating func begin(_ known: [TokenLogprob?], _ tokenizer: Tokenizer) -> Update {
        guard echo else { return Update() }
        if logprobs != nil {
            for (index, token) in prompt.tokens.prefix(known.count).enumerated() {
                let hasText = index > 0 || !prompt.hasAddedStart
                if let entry = known[index] {
                    logprobs?.append(entry, hasText: hasText)
                } else {
                    logprobs?.append(unpredicted: token, tokenizer.bytes(of: token), hasText: hasText)
                }
            }
            if prompt.judged == nil {
                let (decoder, offset) = (Self.answerDecoder(tokenizer), prompt.text.unicodeScalars.count)
                logprobs?.switchDecoder(decoder, offset: offset)
            }
        }
        return Update(text: prompt.text, logprobs: logprobs?.take())
    }

    /// Takes what the answer grew by.
    mutating func append(_ text: String, _ entries: [TokenLogprob]) async throws -> Update {
        guard finishReason == nil else { return Update() }
        if prompt.judged != nil { return judge(entries) }
        return update(try await guarded.append(text, logprobs: entries))
    }

    /// The answer is complete.
    mutating func finish(_ response: Response) async throws -> Update {
        guard finishReason == nil else { return Update() }
        if prompt.judged != nil {
            finishReason = "length"
            var update = judge(response.ending.map { [$0] } ?? [])
            update.finishReason = finishReason
            return update
        }
        var update = update(try await guarded.finish())
        guard finishReason == nil else { return update }
        finishReason = response.finishReason.name
        update.finishReason = finishReason
        // Whoever has the prompt told wants the token that follows it, also where that ends the answer.
        if echo, let ending = response.ending, logprobs != nil {
            logprobs?.append(ending, hasText: false)
            update.logprobs = merged(update.logprobs)
        }
        return update
    }

    /// The token that the engine was made to choose is the prompt's last; none follows it.
    private mutating func judge(_ entries: [TokenLogprob]) -> Update {
        guard let judged = prompt.judged, let entry = entries.first, !isJudged else {
            return Update(logprobs: logprobs?.take())
        }
        isJudged = true
        if entry.token == judged {
            logprobs?.append(entry)
        } else {
            // A token that is never made, such as a filler.
            logprobs?.append(unpredicted: judged, [])
        }
        logprobs?.appendNothing()
        return Update(logprobs: logprobs?.take())
    }

    private mutating func update(_ piece: GuardedText.Piece) -> Update {
        switch piece {
        case .released(let text, let entries):
            for entry in entries { logprobs?.append(entry) }
            return Update(text: text, logprobs: logprobs?.take())
        case .blocked:
            finishReason = "content_filter"
            return Update(logprobs: logprobs?.take(), finishReason: finishReason)
        }
    }

    private mutating func merged(_ earlier: CompletionLogprobs?) -> CompletionLogprobs? {
        guard var earlier else { return logprobs?.take() }
        if let more = logprobs?.take() { earlier.add(more) }
        return earlier
    }
}
