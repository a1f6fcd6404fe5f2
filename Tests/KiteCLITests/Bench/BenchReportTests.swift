import Kite
import Testing

@testable import KiteCLI
@testable import KiteTools

@Suite struct BenchReportTests {
    private static let machine = MachineCeilings(
        threads: 2, readBandwidth: 38e9, int8Operations: 1.87e12, bf16Operations: nil, f32Operations: 464e9)
    private static let result = SpeedBenchmark.Result(
        test: .init(generated: 10, depth: 16, sequences: 2), threads: 2, seconds: [1, 2, 4], machine: machine,
        ceiling: 40)

    @Test func rowsHoldMedianSpreadAndShare() throws {
        let model = try BenchModel(path: nil)
        let row = BenchReport(isMarkdown: true).row(Self.result, of: model)
        // 20, 10 and 5 tokens/s: median 10, standard deviation 7.64.
        #expect(row == "| Q8_0 | 6.57 MB | 2 | tg10 x2 @ d16 | 10.00 | ± 76.4% | 40.00 | 25% |")
        let plain = BenchReport(isMarkdown: false)
        #expect(plain.row(Self.result, of: model).count <= 80)
        #expect(plain.heading(model).split(separator: "\n").last?.count ?? 99 <= 80)
        #expect(plain.footer([Self.result]) == "2 threads: reads 38.0 GB/s; int8 1.87 TOP/s, f32 464 GOP/s")
    }

    @Test func withoutACeilingThereIsNone() throws {
        let result = SpeedBenchmark.Result(test: .init(prompt: 8), seconds: [2])
        let row = BenchReport(isMarkdown: true).row(result, of: try BenchModel(path: nil))
        #expect(row.hasSuffix("| 4.00 | ± 0.0% | - | - |"))
    }

    @Test func jsonHasTheNamesOfLlamaBench() throws {
        let layout = try #require(KVLayout(type: .f16, layers: 1, kvHeads: 1, headSize: 64))
        let value = BenchReport.json(
            Self.result, of: try BenchModel(path: nil), layout: layout, promptChunk: 512, time: "2026-01-31T12:00:00Z")
        guard case .object(let object) = value else { throw CLIError.failure("no object") }
        let names = [
            "build_number", "backends", "model_filename", "model_type", "model_size", "model_n_params", "n_batch",
            "n_ubatch", "n_threads", "type_k", "type_v", "n_prompt", "n_gen", "n_depth", "test_time", "avg_ns",
            "stddev_ns", "avg_ts", "stddev_ts", "samples_ns", "samples_ts", "n_seq", "median_ts", "ceiling_ts",
        ]
        for name in names { #expect(object[name] != nil, "\(name)") }
        #expect(object["n_gen"] == 10)
        #expect(object["n_depth"] == 16)
        #expect(object["n_seq"] == 2)
        #expect(object["samples_ts"] == [20.0, 10.0, 5.0])
        #expect(object["samples_ns"] == [1_000_000_000, 2_000_000_000, 4_000_000_000])
        #expect(object["ceiling_ts"] == 40.0)
    }
}
