public import Tokenization

/// Why no token could be chosen.
public enum SamplingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A sampling option is out of range.
    case invalidOption(name: String, value: String, requirement: String)
    /// A logit is not a number, or plus infinity: the model or its file is damaged.
    case invalidLogit(token: TokenID, value: Float)
    /// Every token is banned.
    case nothingToSample
    /// A bias names a token the model does not have.
    case unknownToken(TokenID, vocabularySize: Int)
    /// The logits are not those of this sampler's vocabulary.
    case sizeMismatch(expected: Int, found: Int)

    /// One line: what is wrong and what to do.
    public var description: String {
        switch self {
        case .invalidOption(let name, let value, let requirement):
            "sampling option \(name) is \(value); it must be \(requirement)"
        case .invalidLogit(let token, let value):
            "the model gave \(value) as logit of token \(token); the model file is probably damaged, "
                + "check its size or download it again"
        case .nothingToSample: "every token is banned; remove some logit biases"
        case .unknownToken(let token, let size):
            "logitBias names token \(token), but the vocabulary has \(size) tokens (0 to \(size - 1))"
        case .sizeMismatch(let expected, let found):
            "sampling expects \(expected) logits, got \(found)"
        }
    }
}
