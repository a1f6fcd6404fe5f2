public import Tokenization

/// What happens while a ``GenerationRequest`` is answered.
public enum GenerationEvent: Sendable {
    /// The prompt is read; comes once, before everything else.
    /// - Parameters:
    ///   - cachedTokens: How many of its tokens had been read for an earlier request.
    ///   - logprobs: One for each token of the prompt, nil for the first, which nothing predicts; empty when not asked
    ///     for.
    case prompt(cachedTokens: Int, logprobs: [TokenLogprob?])
    /// An answer grew.
    /// - Parameters:
    ///   - choice: Which answer, from 0.
    ///   - text: Whole characters. Empty only when log-probabilities are told of tokens whose text is not settled, and at
    ///     the end of an answer.
    ///   - tokens: The tokens made since the last delta of this choice.
    ///   - logprobs: One for each of `tokens`; empty when not asked for.
    case delta(choice: Int, text: String, tokens: [TokenID], logprobs: [TokenLogprob])
    /// An answer is complete.
    case finished(choice: Int, Response)
}
