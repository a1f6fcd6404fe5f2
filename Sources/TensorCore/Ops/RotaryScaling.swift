#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// How a model's rotary frequencies were changed to reach a longer context, as transformers' `ROPE_INIT_FUNCTIONS`
/// compute it.
package enum RotaryScaling: Sendable, Hashable {
    case none
    /// Positions divided by `factor` (arXiv:2306.15595).
    case linear(factor: Float)
    /// arXiv:2309.00071.
    case yarn(YaRN)
    /// Llama 3.1: long wavelengths are stretched by `factor`, short ones kept, those between interpolated.
    case llama3(factor: Float, lowFrequencyFactor: Float, highFrequencyFactor: Float, originalContext: Float)

    /// Parameters of YaRN, named as in `config.json`.
    package struct YaRN: Sendable, Hashable {
        package var factor: Float
        /// Context the model was trained on before it was extended.
        package var originalContext: Float
        package var betaFast: Float = 32
        package var betaSlow: Float = 1
        /// Given in the file; else computed from `factor`.
        package var attentionFactor: Float?
        package var mscale: Float?
        package var mscaleAllDimensions: Float?
        /// How much of the kept frequencies is mixed in: 1 for YaRN proper, 0 for plain interpolation.
        package var extrapolation: Float = 1
        /// Whether the borders of the ramp are whole dimensions.
        package var truncate = true

        package init(factor: Float, originalContext: Float) {
            self.factor = factor
            self.originalContext = originalContext
        }
    }

    /// What cosines and sines are multiplied by.
    var attentionFactor: Float {
        guard case .yarn(let yarn) = self else { return 1 }
        if let given = yarn.attentionFactor { return given }
        func scale(_ mscale: Double) -> Double {
            yarn.factor <= 1 ? 1 : 0.1 * mscale * log(Double(yarn.factor)) + 1
        }
        if let mscale = yarn.mscale, let all = yarn.mscaleAllDimensions, mscale != 0, all != 0 {
            return Float(scale(Double(mscale)) / scale(Double(all)))
        }
        return Float(scale(1))
    }

    /// Frequencies for `periods`, theta^(2i / dimensions). The order of operations is transformers': at position 8192
    /// one bit of a frequency is 1e-3 of a radian.
    func frequencies(periods: [Float], base: Float) -> [Float] {
        let plain = periods.map { 1 / $0 }
        switch self {
        case .none: return plain
        case .linear(let factor): return plain.map { $0 / factor }
        case .yarn(let yarn): return yarn.frequencies(periods: periods, base: base)
        case .llama3(let factor, let low, let high, let context):
            let turn = Float(2 * Double.pi)
            return plain.map { frequency in
                let wavelength = turn / frequency
                if wavelength < context / high { return frequency }
                if wavelength > context / low { return frequency / factor }
                let smooth = (context / wavelength - low) / (high - low)
                return (1 - smooth) * frequency / factor + smooth * frequency
            }
        }
    }
}

extension RotaryScaling.YaRN {
    /// Dimensions that turn more than `betaFast` times within the original context keep their frequency, those that
    /// turn less than `betaSlow` times are interpolated by `factor`, a linear ramp leads from one to the other.
    func frequencies(periods: [Float], base: Float) -> [Float] {
        let dimensions = Double(2 * periods.count)
        func dimension(turning rotations: Float) -> Double {
            dimensions * log(Double(originalContext) / (Double(rotations) * 2 * Double.pi)) / (2 * log(Double(base)))
        }
        var low = dimension(turning: betaFast)
        var high = dimension(turning: betaSlow)
        if truncate {
            low = low.rounded(.down)
            high = high.rounded(.up)
        }
        low = max(low, 0)
        high = min(high, dimensions - 1)
        if low == high { high += 0.001 }
        return periods.enumerated().map { index, period in
            let ramp = min(max((Float(index) - Float(low)) / Float(high - low), 0), 1)
            let keep = (1 - ramp) * extrapolation
            return 1 / (factor * period) * (1 - keep) + 1 / period * keep
        }
    }
}

extension RotaryTable {
    /// base^(2i / dimensions), correctly rounded to single precision.
    static func periods(base: Float, pairs: Int) -> [Float] {
        (0..<pairs).map { Float(pow(Double(base), Double(Float(2 * $0) / Float(2 * pairs)))) }
    }
}
