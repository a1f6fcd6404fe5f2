#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import ModelFiles

/// `base` to the power of `exponent`.
func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

/// What Llama 3's scaling divides each rotary frequency by, the form GGUF files give it in.
enum RopeFactors {
    /// One factor per pair of rotated numbers; nil for other kinds of scaling.
    static func llama3(_ configuration: ModelConfiguration) -> [Float]? {
        guard case .llama3(let factor, let low, let high, let context) = configuration.ropeScaling else { return nil }
        let count = configuration.rotaryDimensions
        return stride(from: 0, to: count, by: 2).map { index in
            let frequency = 1 / pow(configuration.ropeBase, Double(index) / Double(count))
            let wavelength = 2 * Double.pi / frequency
            if wavelength < Double(context) / high { return 1 }
            if wavelength > Double(context) / low { return Float(factor) }
            let smooth = (Double(context) / wavelength - low) / (high - low)
            return Float(1 / ((1 - smooth) / factor + smooth))
        }
    }
}
