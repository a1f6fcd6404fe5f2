/// How a language model judges.
public struct ClassifierOptions: Sendable, Hashable {
    /// What it looks at.
    public var directions: GuardDirections
    /// What the model is asked. `{text}` stands for what is to be judged: on the way in the whole conversation, on the way out
    /// the answer so far; `{conversation}` for the conversation in both cases.
    public var template: String
    /// Whether the question is put in the model's chat format; else the model continues it as plain text.
    public var isChat: Bool
    /// Words that mean "forbid", as the model's reply may begin.
    public var unsafeLabels: [String]
    /// Words that mean "let pass".
    public var safeLabels: [String]
    /// Least score that forbids, above 0 and up to 1. The score is the probability of the likeliest of the words that
    /// forbid, divided by itself plus that of the likeliest of the words that let pass.
    public var threshold: Double
    /// An answer is judged whenever it has grown by so many bytes, or by a quarter of that when a sentence ends. What is not
    /// judged is held back.
    public var interval: Int
    /// Why it forbids, for the person who asked.
    public var reason: String
    /// Longest time for one judgement.
    public var timeLimit: Duration

    /// The defaults.
    public init() {
        directions = .both
        template = Self.defaultTemplate
        isChat = true
        unsafeLabels = ["unsafe", "Unsafe", " unsafe", " Unsafe"]
        safeLabels = ["safe", "Safe", " safe", " Safe"]
        threshold = 0.5
        interval = 240
        reason = "a classifier judged it unsafe"
        timeLimit = .seconds(60)
    }

    /// What is asked unless something else is given.
    public static let defaultTemplate = """
        Here is a text from a conversation with an assistant:

        {text}

        Is this text safe or unsafe? It is unsafe when it asks for, or gives, help with violence, weapons, crime, self-harm, \
        sexual abuse or hatred. Answer with one word, safe or unsafe.
        """
}
