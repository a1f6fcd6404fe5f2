public import Tokenization

/// One prompt to be answered, once or several times.
///
/// ```swift
/// let request = GenerationRequest(prompt: try model.chatTokens([.user("Name a bird.")]), choices: 3)
/// for try await event in model.generate(request) {
///     if case .delta(let choice, let text, _, _) = event { print(choice, text) }
/// }
/// ```
public struct GenerationRequest: Sendable {
    /// Most answers to one prompt.
    public static let mostChoices = 128
    /// Most alternatives that are told with a token.
    public static let mostAlternatives = 20

    /// Tokens to go on from; at least one.
    public var prompt: [TokenID]
    /// How each answer is made.
    public var options: GenerationOptions
    /// How many answers to make from one reading of the prompt: 1 to ``mostChoices``. Choice `i` draws its tokens with
    /// seed + `i`.
    public var choices: Int
    /// Whether the log-probabilities of the prompt's own tokens are wanted, and with how many alternatives each
    /// (0 to ``mostAlternatives``); nil for no. The whole prompt is then computed, cached or not.
    public var promptLogprobs: Int?
    /// Whether the answer goes on within a text rather than being one of its own: a SentencePiece answer then keeps the
    /// space before its first word.
    public var isContinued: Bool
    /// The adapters to answer with; nil for the model itself.
    public var adapters: AdapterSet?
    /// Whether what was read before may be used again, and what is read now kept for later. The answer does not depend
    /// on it.
    public var isCachingPrompt: Bool

    /// A request with the given choices.
    public init(
        prompt: [TokenID], options: GenerationOptions = .init(), choices: Int = 1, promptLogprobs: Int? = nil,
        isContinued: Bool = false, adapters: AdapterSet? = nil, isCachingPrompt: Bool = true
    ) {
        self.prompt = prompt
        self.options = options
        self.choices = choices
        self.promptLogprobs = promptLogprobs
        self.isContinued = isContinued
        self.adapters = adapters
        self.isCachingPrompt = isCachingPrompt
    }

    /// Throws ``GenerationError`` naming the first field that makes no sense.
    func validate() throws {
        try options.validate()
        guard (1...Self.mostChoices).contains(choices) else {
            throw GenerationError.invalidOption("choices", "\(choices) is not between 1 and \(Self.mostChoices)")
        }
        if let count = promptLogprobs, !(0...Self.mostAlternatives).contains(count) {
            throw GenerationError.invalidOption(
                "promptLogprobs", "\(count) is not between 0 and \(Self.mostAlternatives)")
        }
    }
}
