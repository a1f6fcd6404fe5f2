public import CoreMetrics
internal import Synchronization

/// Keeps the program's metrics (swift-metrics) and writes them in Prometheus' text format.
///
/// Counters, meters, recorders and timers become counters, gauges and histograms; timers are told in seconds. A label's
/// characters that Prometheus does not allow become `_`.
public final class PrometheusMetrics: MetricsFactory {
    /// Most series (label values) of one metric; further ones are counted but not shown, so that hostile values cannot
    /// fill the memory.
    public static let maximumSeries = 1000

    private let families = Mutex<[String: Family]>([:])

    /// No metrics yet.
    public init() {}

    /// A metric with all its series.
    private struct Family {
        enum Kind: String { case counter, gauge, histogram }
        var kind: Kind
        /// Series by their labels as text, `{a="b"}` or nothing.
        var series: [String: any PrometheusSeries] = [:]
    }

    /// Everything in Prometheus' text format 0.0.4, in the order of names.
    public func text() -> String {
        var lines = ""
        families.withLock { families in
            for (name, family) in families.sorted(by: { $0.key < $1.key }) {
                if let help = MetricHelp.text[name] { lines += "# HELP \(name) \(help)\n" }
                lines += "# TYPE \(name) \(family.kind.rawValue)\n"
                for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
                    series.write(name, labels, to: &lines)
                }
            }
        }
        return lines
    }

    /// A series: the one there is, or a new one. A name that is something else already, or has too many series, gets one
    /// that is not shown.
    private func series<Series: PrometheusSeries>(
        _ kind: Family.Kind, _ label: String, _ dimensions: [(String, String)], _ make: () -> Series
    ) -> Series {
        let labels = PrometheusText.labels(dimensions)
        return families.withLock { families in
            let name = PrometheusText.name(label)
            var family = families[name] ?? Family(kind: kind)
            if let known = family.series[labels] { return known as? Series ?? make() }
            let made = make()
            guard family.kind == kind, family.series.count < Self.maximumSeries else { return made }
            family.series[labels] = made
            families[name] = family
            return made
        }
    }

    private func remove(_ handler: AnyObject) {
        families.withLock { families in
            for (name, family) in families {
                guard let found = family.series.first(where: { $0.value === handler }) else { continue }
                families[name]?.series[found.key] = nil
            }
        }
    }

    /// A counter of whole numbers.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(.counter, label, dimensions) { PrometheusCounter() }
    }

    /// A counter of fractions.
    public func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        series(.counter, label, dimensions) { PrometheusNumber() }
    }

    /// A gauge.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(.gauge, label, dimensions) { PrometheusNumber() }
    }

    /// A histogram, or a gauge when values are not to be gathered.
    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        if aggregate { return series(.histogram, label, dimensions) { PrometheusHistogram() } }
        return series(.gauge, label, dimensions) { PrometheusNumber() }
    }

    /// A histogram of seconds.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(.histogram, label, dimensions) { PrometheusHistogram() }
    }

    /// Forgets a series.
    public func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    /// Forgets a series.
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    /// Forgets a series.
    public func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    /// Forgets a series.
    public func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    /// Forgets a series.
    public func destroyTimer(_ handler: any TimerHandler) { remove(handler) }
}
