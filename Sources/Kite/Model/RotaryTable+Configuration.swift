extension RotaryTable {
    /// The rotary frequencies that a model's configuration asks for.
    /// - Parameter divisors: Contents of `rope_freqs.weight`, where the file has it.
    init(_ configuration: ModelConfiguration, divisors: [Float]?) {
        self.init(
            base: Float(configuration.ropeBase), dimensions: configuration.rotaryDimensions,
            pairing: configuration.rotaryPairing == .halves ? .halves : .adjacent,
            scaling: RotaryScaling(configuration.ropeScaling), divisors: divisors)
    }
}

extension RotaryScaling {
    init(_ scaling: RopeScaling) {
        switch scaling {
        case .none: self = .none
        case .linear(let factor): self = .linear(factor: Float(factor))
        case .yarn(let given):
            var yarn = YaRN(factor: Float(given.factor), originalContext: Float(given.originalContextLength))
            yarn.betaFast = Float(given.betaFast)
            yarn.betaSlow = Float(given.betaSlow)
            yarn.attentionFactor = Float(given.attentionFactor)
            yarn.extrapolation = Float(given.extrapolationFactor)
            yarn.truncate = given.truncate
            self = .yarn(yarn)
        case .llama3(let factor, let low, let high, let context):
            self = .llama3(
                factor: Float(factor), lowFrequencyFactor: Float(low), highFrequencyFactor: Float(high),
                originalContext: Float(context))
        }
    }
}
