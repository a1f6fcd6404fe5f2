import Kite
import KiteTools

/// Results of `kite bench` as a table and as JSON.
struct BenchReport {
    let model: String
    let type: String
    let bytes: Int
    let parameters: Int
    let threads: Int

    private static let widths = [24, 8, 9, 8, 7, 15, 9, 18, 18]

    /// The first lines of the table.
    var heading: String {
        let titles = ["model", "type", "size", "params", "threads", "test", "median", "mean ± sd", "fastest, slowest"]
        return Self.line(titles) + "\n" + Self.line(Self.widths.map { String(repeating: "-", count: $0) })
    }

    /// The line of a result.
    func row(_ result: SpeedBenchmark.Result) -> String {
        let mean = "\(Format.fixed(result.average, 2)) ± \(Format.fixed(result.deviation, 2))"
        let ends = [result.samples.max() ?? 0, result.samples.min() ?? 0].map { Format.fixed($0, 2) }
        return Self.line([
            Self.tail(model, Self.widths[0]), type, Format.bytes(bytes), Format.parameters(parameters), "\(threads)",
            result.test.name, Format.fixed(result.median, 2), mean, ends.joined(separator: ", "),
        ])
    }

    private static func line(_ cells: [String]) -> String {
        zip(cells, widths).map { cell, width in
            " " + cell + String(repeating: " ", count: max(width - cell.count, 0)) + " "
        }.joined(separator: "|").trimmedEnd
    }

    /// The end of a long path, which says more than its beginning.
    private static func tail(_ text: String, _ count: Int) -> String {
        text.count > count ? "…" + text.suffix(count - 1) : text
    }

    /// The results as llama-bench's `-o json` has them: an array of objects.
    func json(_ results: [SpeedBenchmark.Result]) -> JSONValue {
        .array(
            results.map { result in
                [
                    "build_number": .string(Version.current), "model_filename": .string(model),
                    "model_type": .string(type), "model_size": .integer(Int64(bytes)),
                    "model_n_params": .integer(Int64(parameters)), "n_threads": .integer(Int64(threads)),
                    "n_prompt": .integer(Int64(result.test.prompt)), "n_gen": .integer(Int64(result.test.generated)),
                    "n_depth": .integer(Int64(result.test.depth)), "backends": "CPU",
                    "avg_ts": .number(result.average), "stddev_ts": .number(result.deviation),
                    "median_ts": .number(result.median), "samples_ts": .array(result.samples.map(JSONValue.number)),
                ]
            })
    }
}

extension String {
    /// Without blanks at the end.
    fileprivate var trimmedEnd: String {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
