public import Tokenization

/// How the next token is chosen from the model's logits.
///
/// The stages run in the order of llama.cpp's default chain: logit bias, penalties, top-k, typical, top-p, min-p,
/// temperature, then a draw. Each stage sees what the one before it left, its probabilities summing to one again.
public struct SamplingOptions: Sendable, Hashable {
    /// Divides the logits before the draw: below 1 is safer, above 1 more varied. 0 takes the likeliest token (greedy),
    /// after bias and penalties; no other stage counts then.
    public var temperature: Float = 0.8
    /// Keeps this many of the likeliest tokens; 0 keeps all.
    public var topK: Int = 40
    /// Keeps the likeliest tokens that together reach this probability; 1 keeps all (nucleus sampling,
    /// arXiv:1904.09751).
    public var topP: Float = 0.95
    /// Keeps the tokens at least this fraction as likely as the likeliest; 0 keeps all (arXiv:2407.01082).
    public var minP: Float = 0.05
    /// Keeps the tokens whose surprise is closest to the expected one until they reach this probability; 1 keeps all
    /// (locally typical sampling, arXiv:2202.00666).
    public var typicalP: Float = 1
    /// Divides positive logits of recent tokens and multiplies negative ones; 1 is off (arXiv:1909.05858).
    public var repeatPenalty: Float = 1
    /// How many of the last tokens, the prompt's included, the three penalties look at; 0 turns them off, -1 is all.
    public var repeatLastN: Int = 64
    /// Taken from the logit of every token that occurs among the last ones; negative values favour them.
    public var presencePenalty: Float = 0
    /// Taken from the logit of a token once per occurrence among the last ones; negative values favour them.
    public var frequencyPenalty: Float = 0
    /// Added to the logits of single tokens; `-Float.infinity` bans one.
    public var logitBias: [TokenID: Float] = [:]
    /// Where the random numbers start: the same seed, prompt and options give the same answer. Nil draws one.
    public var seed: UInt64?

    /// The defaults: temperature 0.8, top-k 40, top-p 0.95, min-p 0.05, nothing else.
    public init() {}

    /// Options with some stages set; what is not given has the default's value.
    public init(
        temperature: Float = 0.8, topK: Int = 40, topP: Float = 0.95, minP: Float = 0.05, typicalP: Float = 1,
        repeatPenalty: Float = 1, repeatLastN: Int = 64, presencePenalty: Float = 0, frequencyPenalty: Float = 0,
        logitBias: [TokenID: Float] = [:], seed: UInt64? = nil
    ) {
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        self.minP = minP
        self.typicalP = typicalP
        self.repeatPenalty = repeatPenalty
        self.repeatLastN = repeatLastN
        self.presencePenalty = presencePenalty
        self.frequencyPenalty = frequencyPenalty
        self.logitBias = logitBias
        self.seed = seed
    }

    /// Always the likeliest token: the same prompt gives the same answer.
    public static var greedy: SamplingOptions { SamplingOptions(temperature: 0) }
}

extension SamplingOptions {
    /// Checks every field.
    ///
    /// - Throws: ``SamplingError/invalidOption(name:value:requirement:)`` naming the first that cannot be used.
    public func validate() throws(SamplingError) {
        func check(_ name: String, _ value: Float, _ requirement: String, _ holds: Bool) throws(SamplingError) {
            guard value.isFinite, holds else {
                throw .invalidOption(name: name, value: "\(value)", requirement: requirement)
            }
        }
        try check("temperature", temperature, "at least 0", temperature >= 0)
        if topK < 0 { throw .invalidOption(name: "topK", value: "\(topK)", requirement: "0 (all) or more") }
        try check("topP", topP, "from 0 to 1", topP >= 0 && topP <= 1)
        try check("minP", minP, "from 0 to 1", minP >= 0 && minP <= 1)
        try check("typicalP", typicalP, "from 0 to 1", typicalP >= 0 && typicalP <= 1)
        try check("repeatPenalty", repeatPenalty, "above 0 (1 is off)", repeatPenalty > 0)
        if repeatLastN < -1 {
            throw .invalidOption(name: "repeatLastN", value: "\(repeatLastN)", requirement: "0 or more, or -1 for all")
        }
        try check("presencePenalty", presencePenalty, "a number", true)
        try check("frequencyPenalty", frequencyPenalty, "a number", true)
        for (token, bias) in logitBias.sorted(by: { $0.key < $1.key }) {
            guard token >= 0 else {
                throw .invalidOption(name: "logitBias", value: "token \(token)", requirement: "a token id")
            }
            guard bias.isFinite || bias == -.infinity else {
                throw .invalidOption(
                    name: "logitBias", value: "\(bias) for token \(token)", requirement: "a number, or -inf to ban")
            }
        }
    }

    /// Whether any penalty can change a logit.
    var penalizes: Bool {
        repeatLastN != 0 && (repeatPenalty != 1 || presencePenalty != 0 || frequencyPenalty != 0)
    }
}
