/// What the service grants to one request.
public struct ServiceOptions: Sendable, Hashable {
    /// Deepest nesting of a request's JSON.
    public var maximumDepth = 64
    /// Most choices (`n`) of one prompt.
    public var maximumChoices = 32
    /// Most prompts in one request.
    public var maximumPrompts = 256
    /// Most texts whose embeddings one request asks for.
    public var maximumEmbeddings = 2048
    /// Most log-probabilities, alternatives included, that one reply tells of its prompts.
    public var maximumLogprobs = 4_000_000
    /// Most tokens of an answer whatever was asked; nil sets no limit but the context.
    public var maximumResponseTokens: Int?
    /// Longest time for one request; nil sets none. A request may ask for less.
    public var deadline: Duration?

    /// The defaults.
    public init() {}
}
