/// Whether weights are kept in memory when others want it.
public enum MemoryLocking: Sendable, Hashable {
    /// The system may put weights out; they come back from their file.
    case off
    /// They stay, where the system allows it; else ``LanguageModel/warnings`` says why not.
    case ifAllowed
    /// They stay, or loading fails with ``MemoryLockError``.
    case required
}

/// How a model is loaded and run. The defaults suit the machine and the file.
public struct LoadOptions: Sendable, Hashable {
    /// Threads that compute; nil takes what the machine (or its container) grants.
    public var threads: Int?

    /// Most tokens of prompt and answer together; nil takes the model's own limit, at most 4,096; 0 takes
    /// the model's own limit.
    ///
    /// Memory for the context is taken as a conversation grows, not at once.
    public var contextLength: Int?

    /// How keys and values are remembered; nil takes f32 for a model of f32 weights and f16 for all others.
    ///
    /// ``KVCacheType/int8`` takes half the memory of f16 and is faster in long contexts, at about the error that 8-bit
    /// activations make.
    public var kvCacheType: KVCacheType?

    /// How activations meet quantized weights: 8-bit integers (fast) or f32 (exact, several times slower).
    public var activations: ActivationPrecision

    /// The chat format: the name of a built-in template or Jinja source; nil takes the file's own.
    public var chatTemplate: String?

    /// Overrides the pre-tokenizer that the file names (or fails to name).
    public var preTokenizer: String?

    /// Tokens of a prompt that are computed together. The answer does not depend on it.
    public var promptChunk: Int

    /// Whether weights are kept in memory when others want it.
    public var memoryLocking: MemoryLocking

    /// Bytes for the keys and values of all requests together, those kept for later requests included; nil takes what
    /// ``maximumSequences`` full contexts need (four at least), but no more than half of the memory that is free beside
    /// the weights, and at least one full context.
    public var kvMemory: Int?

    /// Most answers made together; more requests wait.
    public var maximumSequences: Int

    /// Most requests that wait; further ones fail with ``GenerationError/queueFull(retryAfterSeconds:)``.
    public var maximumWaiting: Int

    /// Options with the given choices.
    public init(
        threads: Int? = nil, contextLength: Int? = nil, kvCacheType: KVCacheType? = nil,
        activations: ActivationPrecision = .int8, chatTemplate: String? = nil, preTokenizer: String? = nil,
        promptChunk: Int = 512, memoryLocking: MemoryLocking = .off,
        kvMemory: Int? = nil, maximumSequences: Int = 16, maximumWaiting: Int = 1024
    ) {
        self.threads = threads
        self.contextLength = contextLength
        self.kvCacheType = kvCacheType
        self.activations = activations
        self.chatTemplate = chatTemplate
        self.preTokenizer = preTokenizer
        self.promptChunk = promptChunk
        self.memoryLocking = memoryLocking
        self.kvMemory = kvMemory
        self.maximumSequences = maximumSequences
        self.maximumWaiting = maximumWaiting
    }
}
