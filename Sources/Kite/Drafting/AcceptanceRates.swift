/// How often the token that followed a match comes again, by the length of the match.
///
/// Every token of the answer tells, drafted or not, so the rates follow a text that begins or ceases to repeat itself
/// without a draft being spent on finding out.
package struct AcceptanceRates: Sendable {
    /// Matches of these lengths and more, up to the next.
    private static let classes = [1, 3, 4, 6, 9, 17]
    /// What is believed before anything was seen, and how many observations that belief is worth.
    private static let priors = [0.1, 0.3, 0.5, 0.7, 0.85, 0.95]
    private static let priorWeight = 3.0
    /// Observations fade: some 25 count.
    private static let fading = 0.96

    private var hits = [Double](repeating: 0, count: classes.count)
    private var trials = [Double](repeating: 0, count: classes.count)

    package init() {}

    /// The share of hits to expect after a match of `length` tokens.
    package subscript(length: Int) -> Double {
        let index = Self.index(length)
        return (hits[index] + Self.priors[index] * Self.priorWeight) / (trials[index] + Self.priorWeight)
    }

    /// Takes note of whether the expected token came after a match of `length` tokens.
    package mutating func note(_ isHit: Bool, length: Int) {
        let index = Self.index(length)
        hits[index] = hits[index] * Self.fading + (isHit ? 1 : 0)
        trials[index] = trials[index] * Self.fading + 1
    }

    private static func index(_ length: Int) -> Int {
        max((classes.firstIndex { $0 > length } ?? classes.count) - 1, 0)
    }
}
