#if Server
import Kite
import ModelService
import Testing

@testable import KiteServer

@Suite struct MetricsReportTests {
    /// However many ask at the same time, a total is what was counted.
    @Test func severalScrapesAtOnce() async throws {
        let model = try await LanguageModel.load(.nano)
        let report = try #require(MetricsReport(PrometheusMetrics(), models: ModelRegistry(model, name: "nano")))
        let options = GenerationOptions(
            sampling: .greedy, maximumResponseTokens: 600, ignoresEndOfGeneration: true)
        async let answer = LanguageModelSession(model: model).respond(to: "Hello", options: options)
        await withDiscardingTaskGroup { group in
            for _ in 0..<8 {
                group.addTask { for _ in 0..<100 { _ = await report.body() } }
            }
        }
        _ = try await answer
        let text = String(decoding: await report.body(), as: UTF8.self)
        let label = #"kite_engine_total{model="nano",event="passes"} "#
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix(label) })
        #expect(Int(line.dropFirst(label.count)) == model.engineStatistics.passes)
    }
}
#endif
