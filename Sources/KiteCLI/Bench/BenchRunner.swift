import Kite
import KiteTools

/// Runs a plan on one model after another and writes each result as soon as it is there.
final class BenchRunner {
    /// How results are written.
    enum Output {
        case plain, markdown, json
    }

    private let plan: BenchPlan
    private let options: LoadOptions
    private let adapters: AdapterArguments
    private let output: Output
    private let report: BenchReport
    private let stop: StopFlag
    private let status = StatusLine()
    private var results: [SpeedBenchmark.Result] = []
    private var rows: [JSONValue] = []
    private var hasHeading = false

    init(
        plan: BenchPlan, options: LoadOptions, adapters: AdapterArguments, output: Output, stop: StopFlag
    ) {
        self.plan = plan
        self.options = options
        self.adapters = adapters
        self.output = output
        self.stop = stop
        report = BenchReport(isMarkdown: output == .markdown)
    }

    /// Measures every test of the plan.
    func measure(_ model: BenchModel) throws {
        if output != .json, !hasHeading {
            hasHeading = true
            Console.writeLine(report.heading(model))
        }
        let set = try adapters.load(for: model.checkpoint.configuration)
        for threads in plan.threads where !stop.isRaised {
            let benchmark = try SpeedBenchmark(model.checkpoint, options: options, threads: threads)
            benchmark.adapters = set
            let meter = CeilingMeter(threads: threads, memory: model.largestStore)
            for test in plan.tests where !stop.isRaised {
                try measure(test, of: model, benchmark, meter, threads)
            }
        }
    }

    private func measure(
        _ test: SpeedBenchmark.Test, of model: BenchModel, _ benchmark: SpeedBenchmark, _ meter: CeilingMeter,
        _ threads: Int
    ) throws {
        var count = 0
        let name = "\(model.type), \(Format.plural(threads, "thread")), \(test.name)"
        defer { status.clear() }
        let time = SystemIO.timestamp
        let result = try benchmark.run(
            test, repetitions: plan.repetitions, meter: meter, shouldStop: { self.stop.isRaised },
            onStage: { stage in
                if case .sample = stage { count += 1 }
                self.status.show("\(name): \(stage.text(count, of: self.plan.repetitions))")
            })
        guard !result.samples.isEmpty else { return }
        results.append(result)
        status.clear()
        if output == .json {
            rows.append(
                BenchReport.json(
                    result, of: model, layout: benchmark.kvLayout, promptChunk: benchmark.promptChunk, time: time))
        } else {
            Console.writeLine(report.row(result, of: model))
        }
    }

    /// Writes what comes after all results.
    func finish() throws {
        if output == .json { return try Console.writeJSON(.array(rows), pretty: true) }
        guard !results.isEmpty else { return }
        Console.writeLine("\n" + report.footer(results))
    }
}

extension SpeedBenchmark.Stage {
    /// What is being done, after `count` of `total` repetitions.
    fileprivate func text(_ count: Int, of total: Int) -> String {
        switch self {
        case .ceilings: "measuring the machine"
        case .depth: "filling the context"
        case .warmUp: "warming up"
        case .sample(let rate): "\(count) of \(total), \(BenchReport.rate(rate)) tokens/s"
        }
    }
}
