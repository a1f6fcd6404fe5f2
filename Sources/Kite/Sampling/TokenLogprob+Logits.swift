import TensorCore
import Tokenization

extension TokenLogprob {
    /// The log-probability of `token` by `logits`, and those of the likeliest tokens.
    init(_ token: TokenID, in logits: Span<Float>, alternatives: Int, _ tokenizer: Tokenizer) {
        let shift = FloatOps.logSumExp(logits)
        func logprob(_ logit: Float) -> Float { Float(Double(logit) - shift) }
        self.init(
            token: token, bytes: tokenizer.bytes(of: token), logprob: logprob(logits[Int(token)]),
            top: Candidates.top(alternatives, of: logits).map {
                Alternative(token: $0.token, bytes: tokenizer.bytes(of: $0.token), logprob: logprob($0.logit))
            })
    }
}
