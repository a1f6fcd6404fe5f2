public import Tokenization

/// A run of tokens that a model has read, with what it remembers of them: the low-level way in.
///
/// ```swift
/// let sequence = TokenSequence(model: model)
/// let logits = try await sequence.logits(appending: model.tokenizer.encode("The capital of"))
/// ```
///
/// A call computes without a break: other requests on the model wait for it.
public final class TokenSequence: @unchecked Sendable {
    /// The model that reads.
    public let model: LanguageModel
    /// The adapters that it reads with.
    public let adapters: AdapterSet?
    // Touched only on the engine's thread.
    private var cache: KVSequence

    /// An empty sequence. It takes memory as it grows.
    public init(model: LanguageModel, adapters: AdapterSet? = nil) {
        self.model = model
        self.adapters = adapters
        cache = KVSequence(model.transformer.kvLayout, pool: model.pages)
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
        try await model.engine.perform { [self] _ in cache.truncate(to: count) }
    }

    private func read(_ tokens: [TokenID], _ wanted: Transformer.LogitsWanted) async throws -> [Float] {
        try await model.engine.perform { [self] scheduler in
            let end = cache.length + tokens.count
            guard end <= model.contextLength else {
                throw GenerationError.promptTooLong(tokens: end, contextLength: model.contextLength)
            }
            let size = model.configuration.vocabularySize
            for id in tokens where id < 0 || Int(id) >= size {
                throw GenerationError.tokenOutOfRange(id, vocabularySize: size)
            }
            try scheduler.reserve(&cache, upTo: end)
            var all: [Float] = []
            var logits: [Float] = []
            for start in stride(from: 0, to: tokens.count, by: model.promptChunk) {
                let end = min(start + model.promptChunk, tokens.count)
                try model.transformer.forward(
                    Array(tokens[start..<end]), after: &cache,
                    wanted: wanted == .all || end == tokens.count ? wanted : .none, adapters: adapters, logits: &logits)
                if wanted == .all { all += logits }
            }
            return wanted == .all ? all : logits
        }
    }
}
