public import Tokenization

/// How likely a token was where it stands: natural logarithm of the softmax over all logits as the model gave them,
/// before bias, penalties, temperature or a grammar.
public struct TokenLogprob: Sendable, Hashable {
    /// A token that could have stood there.
    public struct Alternative: Sendable, Hashable {
        /// The token.
        public var token: TokenID
        /// Its bytes; they need not be whole characters.
        public var bytes: [UInt8]
        /// Its log-probability.
        public var logprob: Float

        /// An alternative.
        public init(token: TokenID, bytes: [UInt8], logprob: Float) {
            self.token = token
            self.bytes = bytes
            self.logprob = logprob
        }
    }

    /// The token.
    public var token: TokenID
    /// Its bytes; they need not be whole characters.
    public var bytes: [UInt8]
    /// Its log-probability.
    public var logprob: Float
    /// The likeliest tokens, likeliest first; the chosen one need not be among them.
    public var top: [Alternative]

    /// A token's log-probability.
    public init(token: TokenID, bytes: [UInt8], logprob: Float, top: [Alternative] = []) {
        self.token = token
        self.bytes = bytes
        self.logprob = logprob
        self.top = top
    }
}
