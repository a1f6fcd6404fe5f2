public import ChatTemplates
internal import Kite
internal import Tokenization
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Asks a language model whether a text may pass.
///
/// The model is one of a registry. It stays in memory from the first judgement on: a request that holds one model never
/// waits for room for another.
public final class ClassifierGuard: ContentGuard {
    /// A short name.
    public let name: String
    /// How it judges.
    public let options: ClassifierOptions
    private let registry: ModelRegistry
    private let modelName: String?
    private let judge = Mutex<Judge?>(nil)

    /// A model that is in memory, and the question put to it.
    private final class Judge: Sendable {
        let lease: ModelLease
        let prompt: ClassifierPrompt

        init(lease: ModelLease, prompt: ClassifierPrompt) {
            self.lease = lease
            self.prompt = prompt
        }
    }

    /// A guard.
    /// - Parameters:
    ///   - model: Name of a model in `registry`; nil for its first.
    ///   - name: What refusals and metrics call the guard.
    public init(
        _ registry: ModelRegistry, model: String?, options: ClassifierOptions = .init(), name: String = "classifier"
    ) {
        self.registry = registry
        modelName = model
        self.options = options
        self.name = name
    }

    /// What it looks at.
    public var directions: GuardDirections { options.directions }

    /// Loads the model and checks that the question can be put to it. Happens by itself with the first judgement; a server
    /// does it when it starts.
    /// - Throws: ``GuardError``, ``RegistryError``.
    public func prepare() async throws { _ = try await ready() }

    private func ready() async throws -> Judge {
        if let judge = judge.withLock({ $0 }) { return judge }
        let lease = try await registry.acquire(modelName, isPinned: true)
        let fresh = Judge(lease: lease, prompt: try ClassifierPrompt(options, name: name, model: lease.model))
        return judge.withLock { judge in
            if let judge { return judge }
            judge = fresh
            return fresh
        }
    }

    /// Judges a conversation or an answer.
    public func review(_ content: GuardedContent) async throws -> GuardVerdict {
        try await score(content) >= options.threshold ? .blocked(reason: options.reason) : .allowed
    }

    /// How much speaks against a conversation or an answer: 0 for nothing, 1 for everything.
    /// - Throws: ``GuardError``, ``RegistryError``, `GenerationError`; `CancellationError`.
    public func score(_ content: GuardedContent) async throws -> Double {
        let judge = try await ready()
        let conversation = content.prompt.map { "\($0.role): \($0.content)" }.joined(separator: "\n\n")
        return try await score(judge, text: content.answer ?? conversation, conversation: conversation)
    }

    /// Long texts are judged in overlapping pieces; the worst counts.
    private func score(_ judge: Judge, text: String, conversation: String) async throws -> Double {
        let model = judge.lease.model
        let tokens = judge.prompt.tokens(text: text, conversation: conversation, model.tokenizer)
        guard tokens.count > model.contextLength - 1 else { return try await score(judge, tokens) }
        // The conversation helps to understand an answer; what is judged is the answer.
        if !conversation.isEmpty, conversation != text {
            return try await score(judge, text: text, conversation: "")
        }
        let length = text.count
        guard length >= 64 else {
            throw GenerationError.promptTooLong(tokens: tokens.count, contextLength: model.contextLength)
        }
        let half = length / 2 + length / 16
        let first = try await score(judge, text: String(text.prefix(half)), conversation: "")
        if first >= options.threshold { return first }
        return max(first, try await score(judge, text: String(text.suffix(half)), conversation: ""))
    }

    private func score(_ judge: Judge, _ tokens: [TokenID]) async throws -> Double {
        let prompt = judge.prompt
        // Equal bias lifts the labels above all else and leaves their order: the one chosen is the likeliest. What is told
        // of a token is its probability without the bias.
        let (chosen, top) = try await next(judge, tokens, among: prompt.unsafe + prompt.safe)
        let isUnsafe = prompt.unsafe.contains(chosen.token)
        let others = isUnsafe ? prompt.safe : prompt.unsafe
        var other = top.first { others.contains($0.token) }?.logprob
        if other == nil { other = try await next(judge, tokens, among: others).chosen.logprob }
        guard let other, chosen.logprob.isFinite || other.isFinite else {
            throw GuardError.failed(guardName: name, reason: "the model gives no probability to any label")
        }
        // p / (p + q), from logarithms.
        let difference = Double(isUnsafe ? other - chosen.logprob : chosen.logprob - other)
        return 1 / (1 + exp(difference))
    }

    /// The likeliest of some tokens to come next.
    private func next(
        _ judge: Judge, _ tokens: [TokenID], among labels: [TokenID]
    ) async throws -> (chosen: TokenLogprob, top: [TokenLogprob.Alternative]) {
        var options = GenerationOptions(sampling: .greedy, maximumResponseTokens: 1)
        options.sampling.logitBias = Dictionary(uniqueKeysWithValues: labels.map { ($0, 1000) })
        options.ignoresEndOfGeneration = true
        options.topLogprobs = GenerationRequest.mostAlternatives
        options.deadline = self.options.timeLimit
        let request = GenerationRequest(prompt: tokens, options: options, adapters: judge.lease.adapters)
        for try await event in judge.lease.model.generate(request) {
            guard case .delta(_, _, _, let logprobs) = event, let chosen = logprobs.first else { continue }
            guard labels.contains(chosen.token) else { break }
            return (chosen, chosen.top)
        }
        try Task.checkCancellation()
        throw GuardError.failed(guardName: name, reason: "the model gave no label")
    }

    /// Follows an answer.
    public func makeReviewer(prompt: [ChatMessage]) -> any AnswerReviewer {
        Reviewer(contentGuard: self, prompt: prompt)
    }

    private struct Reviewer: AnswerReviewer {
        let contentGuard: ClassifierGuard
        let prompt: [ChatMessage]
        private var answer = ""
        private var judged = 0

        init(contentGuard: ClassifierGuard, prompt: [ChatMessage]) {
            self.contentGuard = contentGuard
            self.prompt = prompt
        }

        mutating func append(_ text: String) async throws -> AnswerVerdict {
            answer += text
            let grown = answer.utf8.count - judged
            let endsSentence = text.contains { ".!?\n。！？".contains($0) }
            let interval = max(contentGuard.options.interval, 1)
            guard grown >= interval || (endsSentence && grown >= max(interval / 4, 1)) else {
                return .cleared(bytes: judged)
            }
            return try await judge()
        }

        mutating func finish() async throws -> AnswerVerdict {
            judged == answer.utf8.count ? .cleared(bytes: judged) : try await judge()
        }

        private mutating func judge() async throws -> AnswerVerdict {
            switch try await contentGuard.review(GuardedContent(prompt: prompt, answer: answer)) {
            case .allowed: judged = answer.utf8.count
            case .blocked(let reason): return .blocked(reason: reason)
            }
            return .cleared(bytes: judged)
        }
    }
}
