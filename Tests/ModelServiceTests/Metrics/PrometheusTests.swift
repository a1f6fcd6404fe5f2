import CoreMetrics
import Kite
import Metrics
import Testing

@testable import ModelService

@Suite struct PrometheusTests {
    @Test func everyKindHasItsLines() {
        let metrics = PrometheusMetrics()
        Counter(label: "b_total", dimensions: [("path", "/x\"\\\n"), ("status", "200")], factory: metrics).increment(
            by: 3)
        Meter(label: "a gauge", factory: metrics).set(1.5)
        Recorder(label: "c_last", dimensions: [], aggregate: false, factory: metrics).record(7)
        Timer(label: "d_seconds", dimensions: [("m", "x")], factory: metrics).recordMilliseconds(31.25)
        Timer(label: "d_seconds", dimensions: [("m", "x")], factory: metrics).recordSeconds(4000)
        let text = metrics.text()
        #expect(text.hasPrefix("# TYPE a_gauge gauge\na_gauge 1.5\n# TYPE b_total counter\n"))
        #expect(text.contains(#"b_total{path="/x\"\\\n",status="200"} 3"#))
        #expect(text.contains("# TYPE c_last gauge\nc_last 7\n"))
        #expect(text.contains("d_seconds_bucket{m=\"x\",le=\"0.025\"} 0\n"))
        #expect(text.contains("d_seconds_bucket{m=\"x\",le=\"0.05\"} 1\n"))
        #expect(text.contains("d_seconds_bucket{m=\"x\",le=\"600\"} 1\n"))
        #expect(text.contains("d_seconds_bucket{m=\"x\",le=\"+Inf\"} 2\n"))
        #expect(text.contains("d_seconds_sum{m=\"x\"} 4000.03125\nd_seconds_count{m=\"x\"} 2\n"))
        #expect(text.hasSuffix("\n"))
    }

    @Test func seriesAreBounded() {
        let metrics = PrometheusMetrics()
        for number in 0..<(PrometheusMetrics.maximumSeries + 50) {
            Counter(label: "many_total", dimensions: [("n", "\(number)")], factory: metrics).increment()
        }
        #expect(metrics.text().split(separator: "\n").count == PrometheusMetrics.maximumSeries + 1)
    }

    @Test func oneNameIsOneKind() {
        let metrics = PrometheusMetrics()
        Counter(label: "x", factory: metrics).increment()
        Meter(label: "x", factory: metrics).set(5)
        #expect(metrics.text() == "# TYPE x counter\nx 1\n")
    }

    @Test func seriesCanBeForgotten() {
        let metrics = PrometheusMetrics()
        let counter = Counter(label: "x", dimensions: [("a", "b")], factory: metrics)
        counter.increment()
        counter.destroy()
        #expect(!metrics.text().contains("a=\"b\""))
    }

    @Test func requestsAreCountedByModelAndRoute() {
        let prometheus = PrometheusMetrics()
        let metrics = ServiceMetrics(prometheus)
        var summary = RequestSummary()
        summary.model = "m"
        summary.promptTokens = 10
        summary.cachedTokens = 4
        summary.completionTokens = 5
        summary.generationSeconds = 0.5
        summary.firstTokenSeconds = 0.2
        summary.finishReasons = ["stop", "content_filter"]
        metrics.record(summary)
        metrics.record(route: "/v1/chat/completions", status: 200, seconds: 1)
        metrics.record(route: nil, status: 499, seconds: 1)
        metrics.setInFlight(2)
        let text = prometheus.text()
        for line in [
            #"kite_prompt_tokens_total{model="m"} 10"#, #"kite_prompt_tokens_cached_total{model="m"} 4"#,
            #"kite_completion_tokens_total{model="m"} 5"#, #"kite_time_per_token_seconds_sum{model="m"} 0.1"#,
            #"kite_choices_total{model="m",finish_reason="content_filter"} 1"#,
            #"kite_requests_total{route="/v1/chat/completions",status="200"} 1"#,
            #"kite_requests_cancelled_total{route="other"} 1"#, "kite_requests_in_flight 2",
            "# HELP kite_requests_total ",
        ] {
            #expect(text.contains(line), "\(line)")
        }
    }

    @Test func runningTotalsRiseByWhatIsNew() {
        let prometheus = PrometheusMetrics()
        let metrics = EngineMetrics(prometheus)
        var statistics = EngineStatistics()
        statistics.running = 2
        statistics.kvPages = 10
        statistics.cachedKVPages = 4
        statistics.generatedTokens = 100
        metrics.record(statistics, model: "m")
        statistics.generatedTokens = 150
        metrics.record(statistics, model: "m")
        // Loaded again, it begins at zero.
        statistics.generatedTokens = 7
        metrics.record(statistics, model: "m")
        let text = prometheus.text()
        #expect(text.contains(#"kite_engine_total{model="m",event="generated_tokens"} 157"#))
        #expect(text.contains(#"kite_kv_pages{model="m",state="held"} 6"#))
        #expect(text.contains(#"kite_sequences_running{model="m"} 2"#))
    }
}
