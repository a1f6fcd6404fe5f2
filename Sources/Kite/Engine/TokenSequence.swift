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
    public func truncated(to count: Int) async throws {
        try await model.engine.perform { [self] in truncate(to: max(0, count)) }
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

    var count: Int { tokens.count }

    /// ``count``, for any thread.
    var publishedCount: Int { published.load(ordering: .relaxed) }

    func commonPrefix(with other: [TokenID]) -> Int {
        var length = 0
        while length < min(tokens.count, other.count), tokens[length] == other[length] { length += 1 }
        return length
    }

    func truncate(to count: Int) {
        guard count < tokens.count else { return }
        tokens.removeSubrange(count...)
        cache.truncate(to: count)
        published.store(count, ordering: .relaxed)
    }

    /// Reads at most ``LanguageModel/promptChunk`` tokens.
    func append(_ new: some Collection<TokenID>, logits wanted: Transformer.LogitsWanted) throws {
        let new = Array(new)
        for id in new where id < 0 || Int(id) >= model.configuration.vocabularySize {
            throw GenerationError.tokenOutOfRange(id, vocabularySize: model.configuration.vocabularySize)
        }
        try model.transformer.forward(new, after: &cache, wanted: wanted, logits: &logits)
        tokens += new
        published.store(tokens.count, ordering: .relaxed)
    }

    /// Chooses what comes after the tokens so far.
    func sample(with sampler: inout Sampler) throws -> TokenID {
        let token = try Self.sample(&logits, with: &sampler)
        sampler.accept(token)
        return token
    }

    private static func sample(_ logits: inout [Float], with sampler: inout Sampler) throws -> TokenID {
        var span = logits.mutableSpan
        return try sampler.sample(&span)
    }
}
