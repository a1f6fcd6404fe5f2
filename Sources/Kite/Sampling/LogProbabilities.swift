#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif
public import Tokenization

/// A token and the natural logarithm of its probability.
public struct TokenLogProbability: Sendable, Hashable {
    /// The token.
    public var token: TokenID
    /// Natural logarithm of its probability under the model, without temperature and filters.
    public var logProbability: Double

    /// Makes a pair.
    public init(token: TokenID, logProbability: Double) {
        self.token = token
        self.logProbability = logProbability
    }
}

/// The model's own probabilities, before any sampling stage.
package enum LogProbabilities {
    /// What to take from a logit to get the logarithm of its probability: the logarithm of the sum of exponentials,
    /// in double precision.
    ///
    /// - Throws: `SamplingError.invalidLogit`, or `.nothingToSample` when every logit is minus infinity.
    package static func normalizer(_ logits: Span<Float>) throws(SamplingError) -> Double {
        guard let largest = try Candidates.largest(logits)?.logit else { throw .nothingToSample }
        var sum = 0.0
        for row in 0..<logits.count { sum += exp(Double(logits[row]) - Double(largest)) }
        return Double(largest) + log(sum)
    }

    /// The `count` likeliest tokens, likeliest first.
    package static func top(_ count: Int, of logits: Span<Float>) throws(SamplingError) -> [TokenLogProbability] {
        let normalizer = try normalizer(logits)
        return Candidates.top(count, of: logits).map {
            TokenLogProbability(token: $0.token, logProbability: Double($0.logit) - normalizer)
        }
    }
}
