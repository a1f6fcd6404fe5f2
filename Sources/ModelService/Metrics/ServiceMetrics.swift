package import CoreMetrics
internal import Kite

/// What the service counts of its requests.
package struct ServiceMetrics: Sendable {
    private let factory: any MetricsFactory

    /// Metrics kept by `factory`.
    package init(_ factory: any MetricsFactory) { self.factory = factory }

    /// Counts a request whose reply has ended.
    package func record(_ summary: RequestSummary) {
        guard let model = summary.model else { return }
        let labels = [("model", model)]
        count("kite_prompt_tokens_total", labels, summary.promptTokens)
        count("kite_prompt_tokens_cached_total", labels, summary.cachedTokens)
        count("kite_completion_tokens_total", labels, summary.completionTokens)
        observe("kite_time_to_first_token_seconds", labels, summary.firstTokenSeconds)
        if summary.completionTokens > 0, summary.generationSeconds > 0 {
            observe(
                "kite_time_per_token_seconds", labels, summary.generationSeconds / Double(summary.completionTokens))
        }
        for reason in summary.finishReasons {
            count("kite_choices_total", labels + [("finish_reason", reason)], 1)
        }
    }

    /// Counts a request as the client saw it.
    /// - Parameters:
    ///   - route: The route's path; nil when none matched.
    ///   - status: The status that was sent; 499 when the client left before.
    ///   - seconds: How long it took.
    package func record(route: String?, status: Int, seconds: Double) {
        let route = ("route", route ?? "other")
        count("kite_requests_total", [route, ("status", "\(status)")], 1)
        if status == 499 { count("kite_requests_cancelled_total", [route], 1) }
        observe("kite_request_seconds", [route], seconds)
    }

    /// How many requests are being answered.
    package func setInFlight(_ count: Int) { set("kite_requests_in_flight", [], Double(count)) }

    private func count(_ label: String, _ dimensions: [(String, String)], _ amount: Int) {
        factory.makeCounter(label: label, dimensions: dimensions).increment(by: Int64(amount))
    }

    private func observe(_ label: String, _ dimensions: [(String, String)], _ seconds: Double?) {
        guard let seconds, seconds.isFinite else { return }
        factory.makeRecorder(label: label, dimensions: dimensions, aggregate: true).record(seconds)
    }

    private func set(_ label: String, _ dimensions: [(String, String)], _ value: Double) {
        factory.makeMeter(label: label, dimensions: dimensions).set(value)
    }
}

/// What each metric means, for Prometheus' `# HELP`.
enum MetricHelp {
    static let text: [String: String] = [
        "kite_requests_total": "Requests answered, by route and HTTP status (499: the client left).",
        "kite_requests_cancelled_total": "Requests whose client left before the reply ended.",
        "kite_requests_in_flight": "Requests being answered now.",
        "kite_request_seconds": "Seconds from a request to the end of its reply.",
        "kite_prompt_tokens_total": "Tokens of prompts.",
        "kite_prompt_tokens_cached_total": "Tokens of prompts that were in the cache.",
        "kite_completion_tokens_total": "Tokens of answers.",
        "kite_choices_total": "Answers by the reason of their end.",
        "kite_time_to_first_token_seconds": "Seconds from a request to the first token of its answer.",
        "kite_time_per_token_seconds": "Mean seconds for a token of an answer.",
        "kite_guard_blocked_total": "Prompts and answers that a guard forbade.",
        "kite_guard_errors_total": "Failures of guards.",
        "kite_sequences_running": "Answers being made, prompts being read included.",
        "kite_sequences_waiting": "Requests waiting in the queue.",
        "kite_kv_pages": "Pages of the key/value cache: held by requests, kept for reuse, and the limit.",
        "kite_kv_page_bytes": "Bytes of a page of the key/value cache.",
        "kite_engine_total": "What the engine has done so far.",
        "kite_engine_pass_seconds_total": "Seconds that passes over the model took.",
        "kite_models_loaded": "Models in memory.",
        "kite_models_bytes": "Bytes that the models in memory are counted with.",
        "kite_models_total": "Loads, failed loads and unloads of models.",
        "kite_models_leases": "Requests that hold a model.",
        "kite_models_waiting": "Requests that wait for a model to load.",
        "process_resident_memory_bytes": "Memory of the process.",
        "process_start_time_seconds": "When the process started, in seconds since 1970.",
    ]
}
