#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A mean over the tokens of a text, and the uncertainty that comes of there being so few of them.
public struct Estimate: Sendable, Hashable {
    /// The mean.
    public var value: Double
    /// Its standard error.
    public var uncertainty: Double

    /// Makes an estimate.
    public init(_ value: Double, _ uncertainty: Double) {
        self.value = value
        self.uncertainty = uncertainty
    }

    /// The exponential of an estimate.
    var exponential: Estimate { Estimate(exp(value), exp(value) * uncertainty) }
    /// The square root of an estimate.
    var squareRoot: Estimate {
        value > 0 ? Estimate(value.squareRoot(), 0.5 / value.squareRoot() * uncertainty) : Estimate(0, 0)
    }
}

/// Sums over tokens, in their order.
struct Moments: Sendable, Hashable {
    private(set) var count = 0
    private(set) var sum = 0.0
    private var squares = 0.0

    mutating func add(_ value: Double) {
        count += 1
        sum += value
        squares += value * value
    }

    var mean: Double { count > 0 ? sum / Double(count) : 0 }

    /// The mean and its standard error, sqrt((E[x²] - E[x]²) / (n - 1)).
    var estimate: Estimate {
        guard count > 1 else { return Estimate(mean, 0) }
        let variance = squares / Double(count) - mean * mean
        return Estimate(mean, variance > 0 ? (variance / Double(count - 1)).squareRoot() : 0)
    }
}
