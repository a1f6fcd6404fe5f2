import Synchronization

/// A run of tokens that a model has read, with what it remembers of them: the low-level way in.
///
/// ```swift
/// let sequence = TokenSequence(model: model)
/// let logits = try await sequence.logits(appending: model.tokenizer.encode("The capital of"))
/// ```
public final class TokenSequence: @unchecked Sendable {
    /// The model that reads.
    public let model: LanguageModel
    // Touched only on the engine's thread.
    private var tokens: [TokenID] = []
    /// How many of the last `tokens` are guesses: read, and not confirmed yet.
    private var guesses = 0
    private var cache: KVSequence
    /// The last token's logits, or those of every token of the last step: `[token][vocabulary]`.
    private var logits: [Float] = []
    private let published = Atomic(0)

    /// An empty sequence. It takes memory as it grows.
    public init(model: LanguageModel) {
        self.model = model
        cache = KVSequence(model.transformer.kvLayout)
    }

    /// Reads `tokens` after those before.
    /// - Returns: The logits of what comes next, one per row of the vocabulary table.
    /// - Throws: ``GenerationError`` for tokens the model does not have, or more than the context holds.
    public func logits(appending tokens: [TokenID]) async throws -> [Float] {
        try await read(tokens, .last)
    }

    /// Reads `tokens` after those before.
    /// - Returns: The logits after each of them: `tokens.count` times the rows of the vocabulary table.
    public func allLogits(appending tokens: [TokenID]) async throws -> [Float] {
        try await read(tokens, .all)
    }

    /// Forgets the tokens from position `count` on.
    public func truncate(to count: Int) async throws {
        try await model.engine.perform { [self] in keepFirst(max(0, count)) }
    }

    private func read(_ tokens: [TokenID], _ wanted: Transformer.LogitsWanted) async throws -> [Float] {
        try await model.engine.perform { [self] in
            guard self.tokens.count + tokens.count <= model.contextLength else {
                throw GenerationError.promptTooLong(
                    tokens: self.tokens.count + tokens.count, contextLength: model.contextLength)
            }
            guard !tokens.isEmpty else { return [] }
            var all: [Float] = []
            for start in stride(from: 0, to: tokens.count, by: model.promptChunk) {
                let end = min(start + model.promptChunk, tokens.count)
                try append(tokens[start..<end], logits: wanted == .all || end == tokens.count ? wanted : .none)
                if wanted == .all { all += logits }
            }
            return wanted == .all ? all : logits
        }
    }

    // MARK: On the engine's thread

    /// Tokens that are certain.
    var count: Int { tokens.count - guesses }

    /// ``count``, for any thread.
    var publishedCount: Int { published.load(ordering: .relaxed) }

    func commonPrefix(with other: [TokenID]) -> Int {
        var length = 0
        while length < min(count, other.count), tokens[length] == other[length] { length += 1 }
        return length
    }

    /// Forgets the tokens from position `count` on.
    func keepFirst(_ count: Int) {
        dropGuesses()
        guard count < tokens.count else { return }
        tokens.removeSubrange(count...)
        cache.truncate(to: count)
        publish()
    }

    /// Reads at most ``LanguageModel/promptChunk`` tokens.
    func append(_ new: some Collection<TokenID>, logits wanted: Transformer.LogitsWanted) throws {
        dropGuesses()
        let new = Array(new)
        for id in new where id < 0 || Int(id) >= model.configuration.vocabularySize {
            throw GenerationError.tokenOutOfRange(id, vocabularySize: model.configuration.vocabularySize)
        }
        try model.transformer.forward(new, after: &cache, wanted: wanted, logits: &logits)
        tokens += new
        publish()
    }

    /// Reads `token`, which is certain, and after it `draft`, which is a guess, in one pass.
    ///
    /// What comes after `token` can be chosen then and, as long as that is what was guessed, what comes after it too.
    func append(_ token: TokenID, guessing draft: [TokenID]) throws {
        try append([token] + draft, logits: draft.isEmpty ? .last : .all)
        guesses = draft.count
        publish()
    }

    /// Makes the first guess certain if it is `token`; otherwise forgets all guesses.
    /// - Returns: Whether `token` has been read by this.
    func confirm(_ token: TokenID) -> Bool {
        guard guesses > 0, tokens[count] == token else {
            dropGuesses()
            return false
        }
        guesses -= 1
        publish()
        return true
    }

    /// Forgets what is not certain.
    func dropGuesses() {
        guard guesses > 0 else { return }
        let kept = count
        logits.removeLast(guesses * model.configuration.vocabularySize)
        tokens.removeLast(guesses)
        guesses = 0
        cache.truncate(to: kept)
    }

    /// Chooses what comes after the tokens that are certain. Once for each of them: their logits are used up.
    func sample(with sampler: inout Sampler) throws -> TokenID {
        let size = model.configuration.vocabularySize
        let end = logits.count - guesses * size
        let token = try sampler.sample(&logits, in: end - size..<end)
        sampler.accept(token)
        return token
    }

    private func publish() { published.store(count, ordering: .relaxed) }
}
