internal import CoreMetrics
internal import Synchronization

/// One series of a metric.
protocol PrometheusSeries: AnyObject, Sendable {
    /// Writes its lines.
    func write(_ name: String, _ labels: String, to lines: inout String)
}

/// A counter of whole numbers.
final class PrometheusCounter: PrometheusSeries, CounterHandler {
    private let value = Atomic<Int64>(0)

    func increment(by amount: Int64) {
        // Counters only rise; what does not fit starts again at zero, which Prometheus understands.
        guard amount > 0 else { return }
        value.wrappingAdd(amount, ordering: .relaxed)
    }

    func reset() { value.store(0, ordering: .relaxed) }

    func write(_ name: String, _ labels: String, to lines: inout String) {
        lines += "\(name)\(labels) \(value.load(ordering: .relaxed))\n"
    }
}

/// A number: a gauge, or a counter of fractions.
final class PrometheusNumber: PrometheusSeries, MeterHandler, RecorderHandler, FloatingPointCounterHandler {
    private let value = Mutex(0.0)

    func set(_ new: Int64) { value.withLock { $0 = Double(new) } }
    func set(_ new: Double) { value.withLock { $0 = new } }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { value.withLock { $0 -= amount } }
    func record(_ new: Int64) { set(new) }
    func record(_ new: Double) { set(new) }
    func reset() { value.withLock { $0 = 0 } }

    func write(_ name: String, _ labels: String, to lines: inout String) {
        lines += "\(name)\(labels) \(PrometheusText.number(value.withLock { $0 }))\n"
    }
}

/// A histogram: how many values are below each of some bounds, and their sum.
final class PrometheusHistogram: PrometheusSeries, RecorderHandler, TimerHandler {
    /// Bounds from a tenth of a millisecond to ten minutes, for seconds of all that a server does.
    static let bounds: [Double] = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120,
        300,
        600,
    ]

    private struct State {
        var counts = [Int](repeating: 0, count: PrometheusHistogram.bounds.count + 1)
        var sum = 0.0
    }

    private let state = Mutex(State())

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard value.isFinite else { return }
        let index = Self.bounds.firstIndex { value <= $0 } ?? Self.bounds.count
        state.withLock {
            $0.counts[index] += 1
            $0.sum += value
        }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    func write(_ name: String, _ labels: String, to lines: inout String) {
        let state = state.withLock { $0 }
        var total = 0
        for (index, count) in state.counts.enumerated() {
            total += count
            let bound = index < Self.bounds.count ? PrometheusText.number(Self.bounds[index]) : "+Inf"
            lines += "\(name)_bucket\(PrometheusText.adding("le", bound, to: labels)) \(total)\n"
        }
        lines += "\(name)_sum\(labels) \(PrometheusText.number(state.sum))\n\(name)_count\(labels) \(total)\n"
    }
}

/// Names, labels and numbers as Prometheus reads them.
enum PrometheusText {
    /// A metric's name: letters, digits, `_` and `:`, no digit in front.
    static func name(_ label: String) -> String {
        var name = ""
        for scalar in label.unicodeScalars {
            let isAllowed = scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
            name.unicodeScalars.append(isAllowed || scalar == "_" || scalar == ":" ? scalar : "_")
        }
        return name.first.map(\.isNumber) ?? true ? "_" + name : name
    }

    /// `{a="b",c="d"}`, nothing for no labels.
    static func labels(_ dimensions: [(String, String)]) -> String {
        guard !dimensions.isEmpty else { return "" }
        return "{" + dimensions.map { "\(name($0.0))=\"\(escaped($0.1))\"" }.joined(separator: ",") + "}"
    }

    /// `labels` and one more.
    static func adding(_ name: String, _ value: String, to labels: String) -> String {
        labels.isEmpty ? "{\(name)=\"\(value)\"}" : "\(labels.dropLast()),\(name)=\"\(value)\"}"
    }

    /// A number without needless digits.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
    }

    private static func escaped(_ value: String) -> String {
        var text = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
