import Kite
import KiteTools

/// Results of `kite bench` as a table, plain or in Markdown.
struct BenchReport {
    /// A column of the table.
    private struct Column {
        let title: String
        let width: Int
        var isNumber = true
    }

    private static let columns = [
        Column(title: "type", width: 7, isNumber: false), Column(title: "size", width: 7),
        Column(title: "threads", width: 7), Column(title: "test", width: 15, isNumber: false),
        Column(title: "tokens/s", width: 8), Column(title: "spread", width: 7),
        Column(title: "ceiling", width: 7), Column(title: "reached", width: 7),
    ]

    /// Whether to write a table of Markdown.
    let isMarkdown: Bool

    /// The lines above the table.
    func heading(_ model: BenchModel) -> String {
        let parameters = Format.parameters(model.checkpoint.parameterCount)
        let title = "\(Console.oneLine(model.name)): \(parameters) parameters, CPU level \(CPULevel.current.name)"
        guard isMarkdown else { return title + "\n\n" + line(Self.columns.map(\.title)) }
        let rule = Self.columns.map { $0.isNumber ? "---:" : "---" }
        return title + "\n\n" + line(Self.columns.map(\.title)) + "\n" + line(rule)
    }

    /// The line of a result: median, spread (standard deviation in percent), ceiling and the share reached.
    func row(_ result: SpeedBenchmark.Result, of model: BenchModel) -> String {
        let spread = result.median > 0 ? result.deviation / result.median : 0
        return line([
            model.type, Format.bytes(model.checkpoint.tensorByteCount), "\(result.threads)", result.test.name,
            Self.rate(result.median), "± " + Self.percent(spread, 1), result.ceiling.map(Self.rate) ?? "-",
            result.share.map { Self.percent($0, 0) } ?? "-",
        ])
    }

    /// What the machine could do while the results were measured, a line for each number of threads.
    func footer(_ results: [SpeedBenchmark.Result]) -> String {
        var machines: [Int: MachineCeilings] = [:]
        for machine in results.compactMap(\.machine) {
            machines[machine.threads] = machines[machine.threads].map { $0.raised(by: machine) } ?? machine
        }
        return machines.values.sorted { $0.threads < $1.threads }.map { machine in
            var parts = ["int8 \(Self.operations(machine.int8Operations))"]
            if let bf16 = machine.bf16Operations { parts.append("bf16 \(Self.operations(bf16))") }
            parts.append("f32 \(Self.operations(machine.f32Operations))")
            return Format.plural(machine.threads, "thread")
                + ": reads \(Format.fixed(machine.readBandwidth / 1e9, 1)) GB/s; "
                + parts.joined(separator: ", ")
        }.joined(separator: "\n")
    }

    private func line(_ cells: [String]) -> String {
        if isMarkdown { return "| " + cells.joined(separator: " | ") + " |" }
        return zip(cells, Self.columns).map { cell, column in
            let blanks = String(repeating: " ", count: max(column.width - cell.count, 0))
            return column.isNumber ? blanks + cell : cell + blanks
        }.joined(separator: "  ")
    }

    /// Three digits or more.
    static func rate(_ value: Double) -> String { Format.fixed(value, value < 100 ? 2 : 1) }

    /// 0.123 as `12.3%`.
    static func percent(_ share: Double, _ digits: Int) -> String { Format.fixed(share * 100, digits) + "%" }

    private static func operations(_ value: Double) -> String {
        value < 1e12 ? Format.fixed(value / 1e9, 0) + " GOP/s" : Format.fixed(value / 1e12, 2) + " TOP/s"
    }
}
