/// How far a model's probabilities are from those of another, its base: llama.cpp's statistics.
public struct DivergenceStatistics: Sendable, Hashable {
    /// A value that a share of all tokens stays below.
    public struct Percentile: Sendable, Hashable {
        /// The share; 0 for the minimum, 1 for the maximum.
        public let fraction: Double
        /// The value.
        public let value: Double
    }

    /// Tokens compared.
    public let count: Int
    /// Perplexity of the model.
    public let perplexity: Estimate
    /// Perplexity of the base.
    public let basePerplexity: Estimate
    /// Correlation of the logarithms of both.
    public let correlation: Double
    /// Logarithm of the ratio of both.
    public let logRatio: Estimate
    /// Perplexity of the model over that of the base.
    public let ratio: Estimate
    /// Perplexity of the model less that of the base.
    public let difference: Estimate
    /// Mean Kullback-Leibler divergence of the model from the base, in natural units.
    public let divergence: Estimate
    /// Of the divergence, highest first; none for fewer than 100 tokens.
    public let divergencePercentiles: [Percentile]
    /// Mean change of the true token's probability.
    public let probabilityChange: Estimate
    /// Of that change, highest first; none for fewer than 100 tokens.
    public let changePercentiles: [Percentile]
    /// Root of the mean square of that change.
    public let rootMeanSquareChange: Estimate
    /// Share of tokens for which both have the same favourite.
    public let sameTop: Estimate

    static let divergenceFractions = [1, 0.999, 0.99, 0.95, 0.9, 0.5, 0.1, 0.05, 0.01, 0.001, 0]
    static let changeFractions = [1, 0.999, 0.99, 0.95, 0.9, 0.75, 0.5, 0.25, 0.1, 0.05, 0.01, 0.001, 0]
    /// Percentiles of fewer tokens say nothing.
    private static let leastForPercentiles = 100

    init(_ sums: DivergenceSums) {
        count = sums.model.count
        let (log, logBase) = (sums.model.estimate, sums.base.estimate)
        let covariance = sums.covariance
        perplexity = log.exponential
        basePerplexity = logBase.exponential
        let deviations = log.uncertainty * logBase.uncertainty
        correlation = deviations > 0 ? covariance / deviations : 1
        let logRatio = sums.logRatio
        self.logRatio = logRatio
        ratio = logRatio.exponential
        difference = Estimate(
            perplexity.value - basePerplexity.value,
            Self.deviation(
                perplexity.uncertainty, basePerplexity.uncertainty,
                covariance: perplexity.value * basePerplexity.value * covariance))
        divergence = sums.divergence.estimate
        probabilityChange = sums.change.estimate
        rootMeanSquareChange = sums.squaredChange.estimate.squareRoot
        sameTop = sums.sameTopEstimate
        guard count >= Self.leastForPercentiles else {
            (divergencePercentiles, changePercentiles) = ([], [])
            return
        }
        divergencePercentiles = Self.percentiles(Self.divergenceFractions, of: sums.divergences)
        changePercentiles = Self.percentiles(Self.changeFractions, of: sums.changes)
    }

    /// Standard error of a difference of two dependent means.
    static func deviation(_ a: Double, _ b: Double, covariance: Double) -> Double {
        max(a * a + b * b - 2 * covariance, 0).squareRoot()
    }

    /// Linear interpolation at fraction · (n - 1) of the sorted values.
    private static func percentiles(_ fractions: [Double], of values: [Double]) -> [Percentile] {
        let sorted = values.sorted()
        return fractions.map { fraction in
            let place = fraction * Double(sorted.count - 1)
            let below = Int(place)
            let above = min(below + 1, sorted.count - 1)
            let share = place - Double(below)
            return Percentile(fraction: fraction, value: (1 - share) * sorted[below] + share * sorted[above])
        }
    }
}

/// What is added up token by token for ``DivergenceStatistics``.
struct DivergenceSums: Sendable {
    private(set) var model = Moments()
    private(set) var base = Moments()
    private(set) var divergence = Moments()
    private(set) var change = Moments()
    private(set) var squaredChange = Moments()
    private(set) var divergences: [Double] = []
    private(set) var changes: [Double] = []
    private var products = 0.0
    private var sameTop = 0

    /// Adds a token: minus the logarithms of its probability, the divergence, the change of its probability, and whether
    /// both models have the same favourite.
    mutating func add(_ score: TokenScore) {
        model.add(score.surprise)
        base.add(score.baseSurprise)
        products += score.surprise * score.baseSurprise
        divergence.add(score.divergence)
        divergences.append(score.divergence)
        change.add(score.change)
        squaredChange.add(score.change * score.change)
        changes.append(score.change)
        if score.hasSameTop { sameTop += 1 }
    }

    /// Covariance of the means of both logarithms.
    var covariance: Double {
        guard model.count > 1 else { return 0 }
        return (products / Double(model.count) - model.mean * base.mean) / Double(model.count - 1)
    }

    /// Logarithm of the ratio of the perplexities.
    var logRatio: Estimate {
        let (log, logBase) = (model.estimate, base.estimate)
        return Estimate(
            log.value - logBase.value,
            DivergenceStatistics.deviation(log.uncertainty, logBase.uncertainty, covariance: covariance))
    }

    /// Share of tokens for which both models have the same favourite.
    var sameTopEstimate: Estimate {
        let share = Double(sameTop) / Double(max(model.count, 1))
        return Estimate(share, (share * (1 - share) / Double(max(model.count - 1, 1))).squareRoot())
    }
}
