package import CoreMetrics
package import Kite
internal import Synchronization

/// What the engines and the registry do, read when somebody asks for the metrics.
package final class EngineMetrics: Sendable {
    private let factory: any MetricsFactory
    /// What was told of each running total the last time; a model that is loaded again starts at zero.
    private let told = Mutex<[String: Double]>([:])

    /// Models that were told of the last time.
    private let shown = Mutex<Set<String>>([])
    private let turn = Mutex(())

    /// Metrics kept by `factory`.
    package init(_ factory: any MetricsFactory) { self.factory = factory }

    /// Calls `body` alone. Totals have to be read in it: told after newer ones, they look like those of an engine that
    /// has begun anew.
    package func alone<Value: Sendable>(_ body: () -> Value) -> Value { turn.withLock { _ in body() } }

    /// Tells what a model's engine does.
    package func record(_ statistics: EngineStatistics, model: String) {
        let labels = [("model", model)]
        set("kite_sequences_running", labels, statistics.running)
        set("kite_sequences_waiting", labels, statistics.waiting)
        let held = statistics.kvPages - statistics.cachedKVPages
        set("kite_kv_pages", labels + [("state", "held")], held)
        set("kite_kv_pages", labels + [("state", "cached")], statistics.cachedKVPages)
        set("kite_kv_pages", labels + [("state", "limit")], statistics.kvPageLimit)
        set("kite_kv_page_bytes", labels, statistics.kvPageBytes)
        let events: [(String, Int)] = [
            ("passes", statistics.passes), ("prompt_tokens", statistics.promptTokens),
            ("cached_prompt_tokens", statistics.cachedPromptTokens), ("generated_tokens", statistics.generatedTokens),
            ("finished", statistics.finishedRequests), ("cancelled", statistics.cancelledRequests),
            ("failed", statistics.failedRequests), ("refused", statistics.refusedRequests),
            ("set_back", statistics.setBack), ("evicted_pages", statistics.evictedKVPages),
        ]
        for (event, count) in events {
            raise("kite_engine_total", labels + [("event", event)], to: Double(count))
        }
        let rise = rise("kite_engine_pass_seconds_total", model, to: statistics.passSeconds)
        factory.makeFloatingPointCounter(label: "kite_engine_pass_seconds_total", dimensions: labels).increment(
            by: rise)
    }

    /// Tells what the engines of all loaded models do; models that were loaded before and are not any more do nothing.
    package func record(loaded models: [(name: String, model: LanguageModel)]) {
        let gone = shown.withLock { shown in
            defer { shown = Set(models.map(\.name)) }
            return shown.subtracting(models.map(\.name))
        }
        for name in gone { record(EngineStatistics(), model: name) }
        for (name, model) in models { record(model.engineStatistics, model: name) }
    }

    /// Tells what the registry does.
    package func record(_ statistics: RegistryStatistics) {
        set("kite_models_loaded", [], statistics.loaded)
        set("kite_models_bytes", [], statistics.bytes)
        set("kite_models_leases", [], statistics.leases)
        set("kite_models_waiting", [], statistics.waiting)
        for (event, count) in [
            ("load", statistics.loads), ("failure", statistics.failures), ("unload", statistics.unloads),
        ] {
            raise("kite_models_total", [("event", event)], to: Double(count))
        }
    }

    /// Tells what the process takes.
    package func recordProcess() {
        if let bytes = ProcessStatus.residentBytes() { set("process_resident_memory_bytes", [], bytes) }
        set("process_start_time_seconds", [], ProcessStatus.startTime)
    }

    private func set(_ label: String, _ dimensions: [(String, String)], _ value: Int) {
        factory.makeMeter(label: label, dimensions: dimensions).set(Double(value))
    }

    private func raise(_ label: String, _ dimensions: [(String, String)], to value: Double) {
        let key = dimensions.map(\.1).joined(separator: "\u{0}")
        let counter = factory.makeCounter(label: label, dimensions: dimensions)
        counter.increment(by: Int64(rise(label, key, to: value)))
    }

    /// How much a running total rose since it was told last.
    private func rise(_ label: String, _ key: String, to value: Double) -> Double {
        told.withLock { told in
            let key = label + "\u{0}" + key
            let last = told[key] ?? 0
            told[key] = value
            return value < last ? value : value - last
        }
    }
}
