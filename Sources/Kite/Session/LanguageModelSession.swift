import Synchronization

/// A conversation with a model.
///
/// ```swift
/// let session = LanguageModelSession(model: try await .load(.nano))
/// print(try await session.respond(to: "What is the capital of Peru?").content)
/// ```
///
/// What must hold, and has a test each:
/// 1. Leaving the stream's loop, cancelling the task or dropping the stream stops the model within one token or one
///    chunk of the prompt, and the next request does not wait for the abandoned one.
/// 2. After a cancellation the session goes on as usual. The partial answer stays in the transcript, as shown.
/// 3. A slow reader does not grow memory: the model waits for it.
/// 4. A request on a busy session waits for those before it, in order.
/// 5. The model never computes on Swift's own threads.
/// 6. A request that fails leaves the transcript as it was.
public final class LanguageModelSession: Sendable {
    private struct State: Sendable {
        var transcript: Transcript
        /// Entries at the start of the transcript that no longer fit the context.
        var droppedEntries = 0
        /// How often the messages were replaced from outside: what was asked of earlier ones does not change later ones.
        var version = 0
        var pending: [ActiveRequest] = []
    }

    /// The model that answers.
    public let model: LanguageModel
    /// The adapters that it answers with; nil for the model itself.
    public let adapters: AdapterSet?
    private let progress = TokenCount()
    private let state: Mutex<State>

    /// A new conversation, or one that goes on from `transcript`.
    /// - Parameters:
    ///   - model: The model that answers.
    ///   - instructions: The system message; overrides the transcript's.
    ///   - transcript: What was said before.
    ///   - adapters: Adapters to answer with. They must have been loaded for this model.
    public init(
        model: LanguageModel, instructions: String? = nil, transcript: Transcript? = nil, adapters: AdapterSet? = nil
    ) {
        self.model = model
        self.adapters = adapters
        var start = transcript ?? Transcript()
        if let instructions { start.instructions = instructions }
        state = Mutex(State(transcript: start))
    }

    /// What was said so far. A question appears with the beginning of its answer.
    public var transcript: Transcript { state.withLock { $0.transcript } }

    /// Whether an answer is being made or waited for.
    public var isResponding: Bool { state.withLock { !$0.pending.isEmpty } }

    /// Tokens the context holds now, prompt and answer together.
    public var tokensInContext: Int { progress.value }

    /// Answers `prompt` and waits for the whole answer.
    /// - Throws: ``GenerationError``, a template's error, or `CancellationError`.
    public func respond(to prompt: String, options: GenerationOptions = .init()) async throws -> Response {
        try await streamResponse(to: prompt, options: options).collect()
    }

    /// Answers `prompt` piece by piece.
    public func streamResponse(to prompt: String, options: GenerationOptions = .init()) -> ResponseStream {
        start(options) { $0.entries.append(.init(role: .user, content: prompt)) }
    }

    /// Takes the last answer back and makes another one.
    ///
    /// The stream throws ``GenerationError/nothingToRegenerate`` when nothing was asked yet.
    public func streamRegeneration(options: GenerationOptions = .init()) -> ResponseStream {
        start(options) { transcript in
            while transcript.entries.last?.role == .assistant { transcript.entries.removeLast() }
            guard transcript.entries.last?.role == .user else { throw GenerationError.nothingToRegenerate }
        }
    }

    /// Forgets the messages and keeps the instructions. An answer that is being made goes to its end and is not kept.
    public func clear() {
        state.withLock {
            $0.transcript.entries = []
            $0.droppedEntries = 0
            $0.version += 1
        }
    }

    /// Sets or removes the system message, from the next request on.
    public func setInstructions(_ instructions: String?) {
        state.withLock { $0.transcript.instructions = instructions }
    }

    /// Goes on from another transcript. An answer that is being made goes to its end and is not kept.
    public func replaceTranscript(_ transcript: Transcript) {
        state.withLock {
            $0.transcript = transcript
            $0.droppedEntries = 0
            $0.version += 1
        }
    }

    /// The messages before a request, how many of the first are left out, and which they are.
    private typealias Conversation = (entries: [Transcript.Entry], droppedEntries: Int, version: Int)

    /// Queues a request. `edit` turns the transcript into the one to answer, when the request's turn comes.
    private func start(
        _ options: GenerationOptions, edit: @escaping @Sendable (inout Transcript) throws -> Void
    ) -> ResponseStream {
        let channel = EventChannel()
        let before = Mutex<Conversation?>(nil)
        let request = ActiveRequest(
            model: model, options: options, adapters: adapters, channel: channel, progress: progress,
            prepare: { [self] in
                let (asked, version) = try state.withLock { state -> (Transcript, Int) in
                    before.withLock { $0 = (state.transcript.entries, state.droppedEntries, state.version) }
                    try edit(&state.transcript)
                    state.droppedEntries = min(state.droppedEntries, max(state.transcript.entries.count - 1, 0))
                    return (state.transcript, state.version)
                }
                return try fit(asked, version, options)
            },
            completion: { [self] result in end(result, before: before.withLock { $0 }) })
        // Before others can see the request: from its submission on its wake is the engine's.
        channel.setWake { [weak self] in self?.leave(request) }
        let isFirst = state.withLock {
            $0.pending.append(request)
            return $0.pending.count == 1
        }
        if isFirst {
            model.engine.submit(request)
        } else if let deadline = request.deadline {
            // The engine does not know of those who wait here.
            Task.detached { [weak self, weak request] in
                do { try await Task.sleep(until: deadline, clock: .continuous) } catch { return }
                if let self, let request { leave(request, throwing: GenerationError.deadlineExceeded) }
            }
        }
        return ResponseStream(channel)
    }

    /// Ends a request before its turn came: its reader has gone, or its time is over.
    private func leave(_ request: ActiveRequest, throwing error: (any Error)? = nil) {
        let isGone = state.withLock { state in
            // The first one is the engine's.
            guard let place = state.pending.firstIndex(where: { $0 === request }), place > 0 else { return false }
            state.pending.remove(at: place)
            return true
        }
        guard isGone else { return }
        if error == nil { request.channel.push(.finished(choice: 0, .unstarted)) }
        request.channel.finish(throwing: error)
    }

    /// Records the answer, or puts the transcript back, and lets the next request in.
    private func end(_ result: Result<Response, any Error>, before: Conversation?) {
        let next = state.withLock { state -> ActiveRequest? in
            switch result {
            case .success(let response) where before?.version == state.version:
                state.transcript.entries.append(.init(role: .assistant, content: response.content))
            case .success: break  // cancelled before its turn came, or the messages are others by now
            case .failure:
                guard let before, before.version == state.version else { break }
                (state.transcript.entries, state.droppedEntries) = (before.entries, before.droppedEntries)
            }
            state.pending.removeFirst()
            return state.pending.first
        }
        if let next { model.engine.submit(next) }
    }

    /// Renders the transcript, leaving out the oldest turns while it does not fit the context.
    private func fit(
        _ transcript: Transcript, _ version: Int, _ options: GenerationOptions
    ) throws -> ActiveRequest.Prompt {
        let limit = model.contextLength - min(options.maximumResponseTokens ?? 256, model.contextLength / 4)
        let alreadyDropped = state.withLock { $0.droppedEntries }
        let entries = transcript.entries
        func render(from first: Int) throws -> [TokenID] {
            try model.chatTokens(transcript.instructions, entries.dropFirst(first))
        }
        var dropped = alreadyDropped
        var tokens = try render(from: dropped)
        // What may come first: the turns after, of which there may be thousands.
        let turns = entries.indices.filter { $0 > alreadyDropped && entries[$0].role == .user }
        if tokens.count > limit, let last = turns.last {
            // The less is left out the longer it is: the first that fits lies between those that do not and those that do.
            (dropped, tokens) = (last, try render(from: last))
            var candidates = turns[...].dropLast()
            while let middle = candidates.isEmpty ? nil : candidates.startIndex + candidates.count / 2 {
                let rendered = try render(from: turns[middle])
                if rendered.count <= limit {
                    (dropped, tokens) = (turns[middle], rendered)
                    candidates = candidates[..<middle]
                } else {
                    candidates = candidates[(middle + 1)...]
                }
            }
        }
        state.withLock { if $0.version == version { $0.droppedEntries = dropped } }
        return .init(tokens: tokens, droppedTurns: entries[alreadyDropped..<dropped].count { $0.role == .user })
    }
}
