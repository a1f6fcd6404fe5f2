#if Server
internal import CoreMetrics
internal import ModelService

/// The body of `/metrics`.
struct MetricsReport: Sendable {
    private let prometheus: PrometheusMetrics
    private let engines: EngineMetrics
    private let models: ModelRegistry

    /// Nil where nobody keeps the numbers here.
    init?(_ factory: any MetricsFactory, models: ModelRegistry) {
        guard let prometheus = factory as? PrometheusMetrics else { return nil }
        self.prometheus = prometheus
        self.models = models
        engines = EngineMetrics(prometheus)
    }

    /// Makes the body.
    var body: @Sendable () async -> [UInt8] {
        {
            engines.alone {
                engines.record(loaded: models.loaded)
                engines.record(models.statistics)
                engines.recordProcess()
                return Array(prometheus.text().utf8)
            }
        }
    }
}
#endif
