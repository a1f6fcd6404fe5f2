internal import Kite

/// One answer on its way to the client: through the guards, then taken apart into text and calls of tools.
struct ChoiceAssembler: Sendable {
    /// What there is to tell.
    struct Update: Sendable {
        var pieces: [ToolCallParser.Piece] = []
        /// Of the tokens whose text is told now or was before.
        var logprobs: [TokenLogprob] = []
        /// Set when a guard has just forbidden the rest.
        var refusal: String?
    }

    private var guarded: GuardedText
    private var parser: ToolCallParser?
    /// Why the answer ended, in OpenAI's words; nil until it has.
    private(set) var finishReason: String?

    /// - Parameter parser: Finds the calls, where the model may call tools.
    init(_ guarded: GuardedText, parser: ToolCallParser?) {
        self.guarded = guarded
        self.parser = parser
    }

    /// Takes what the answer grew by.
    /// - Throws: ``GuardError`` when a guard could not judge.
    mutating func append(_ text: String, _ logprobs: [TokenLogprob]) async throws -> Update {
        guard finishReason == nil else { return Update() }
        let update = update(try await guarded.append(text, logprobs: logprobs))
        // The model may go on with calls that nobody wants.
        if finishReason == nil, parser?.isDone == true { finishReason = "tool_calls" }
        return update
    }

    /// The answer is complete.
    mutating func finish(_ reason: FinishReason) async throws -> Update {
        guard finishReason == nil else { return Update() }
        var update = update(try await guarded.finish())
        guard finishReason == nil else { return update }
        update.pieces += parser?.finish() ?? []
        let called = (parser?.callCount ?? 0) > 0
        let isWhole = reason.name == "stop" || parser?.isDone == true
        finishReason = called && isWhole ? "tool_calls" : reason.name
        return update
    }

    private mutating func update(_ piece: GuardedText.Piece) -> Update {
        switch piece {
        case .released(let text, let logprobs):
            let pieces = parser?.append(text) ?? (text.isEmpty ? [] : [.content(text)])
            return Update(pieces: pieces, logprobs: logprobs)
        case .blocked(let block):
            finishReason = "content_filter"
            return Update(refusal: block.refusal)
        }
    }
}
