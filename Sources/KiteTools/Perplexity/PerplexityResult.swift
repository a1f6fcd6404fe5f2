/// What a measurement found.
public struct PerplexityResult: Sendable, Hashable {
    /// Chunks measured.
    public let chunks: Int
    /// Tokens that counted.
    public let count: Int
    /// Mean of minus the natural logarithm of the true token's probability.
    public let meanSurprise: Estimate
    /// Perplexity of the first chunk, of the first two, and so on.
    public let runningPerplexity: [Double]
    /// How far the model is from its base, where there is one.
    public let divergence: DivergenceStatistics?
    /// Seconds it took.
    public let seconds: Double

    /// The perplexity.
    public var perplexity: Estimate { meanSurprise.exponential }
}
