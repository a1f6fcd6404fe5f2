/// How rotary frequencies are stretched beyond the context a model was first trained on.
public enum RopeScaling: Sendable, Equatable {
    /// Not at all.
    case none
    /// Positions divided by `factor`.
    case linear(factor: Double)
    /// YaRN (arXiv 2309.00071).
    case yarn(YarnScaling)
    /// Llama 3's: low frequencies divided by `factor`, high ones kept, between them a blend.
    case llama3(factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalContextLength: Int)
}

/// The numbers of YaRN (arXiv 2309.00071).
public struct YarnScaling: Sendable, Equatable {
    /// How many times longer the context became.
    public var factor: Double
    /// Context length before stretching, in tokens.
    public var originalContextLength: Int
    /// Rotations over the original context above which a frequency is kept.
    public var betaFast: Double
    /// Rotations over the original context below which a frequency is divided by `factor`.
    public var betaSlow: Double
    /// What cosines and sines are multiplied with.
    public var attentionFactor: Double
    /// How much of the kept frequencies is mixed in: 1 for YaRN proper, 0 for plain interpolation.
    public var extrapolationFactor: Double
    /// Whether the borders of the blend are rounded to whole dimensions.
    public var truncate: Bool

    /// YaRN by `factor`; the other numbers default to those of the paper.
    public init(
        factor: Double, originalContextLength: Int, betaFast: Double = 32, betaSlow: Double = 1,
        attentionFactor: Double? = nil, extrapolationFactor: Double = 1, truncate: Bool = true
    ) {
        self.factor = factor
        self.originalContextLength = originalContextLength
        self.betaFast = betaFast
        self.betaSlow = betaSlow
        self.attentionFactor = attentionFactor ?? Self.magnitude(factor)
        self.extrapolationFactor = extrapolationFactor
        self.truncate = truncate
    }

    /// Section 3.4 of the paper: 0.1 · `weight` · ln `factor` + 1, and 1 when nothing is stretched.
    static func magnitude(_ factor: Double, weight: Double = 1) -> Double {
        factor > 1 ? 0.1 * weight * naturalLogarithm(factor) + 1 : 1
    }
}
