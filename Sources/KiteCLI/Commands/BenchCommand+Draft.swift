import Kite
import KiteTools

extension BenchCommand {
    /// `kite bench --draft lookup`: how much faster an answer that repeats its prompt gets.
    func measureDrafting(_ plan: BenchPlan, _ options: LoadOptions, path: String?) async throws {
        guard let tokens = plan.tests.map(\.generated).max(), tokens > 0, let threads = plan.threads.first else {
            throw CLIError.usage("nothing to measure: -n must be more than 0")
        }
        let model = try preset.map { try BenchModel(preset: $0, type: type ?? "Q4_K_M") } ?? BenchModel(path: path)
        let benchmark = try DraftBenchmark(model.checkpoint, options: options, threads: threads, tokens: tokens)
        let stop = StopFlag()
        let (plain, drafted) = try await Interrupts.handled(by: { stop.raise() }) {
            var runs: (plain: [DraftBenchmark.Run], drafted: [DraftBenchmark.Run]) = ([], [])
            // In turn, so that other work on the machine slows both.
            for _ in 0..<plan.repetitions where !stop.isRaised {
                runs.plain.append(try benchmark.run(.none))
                runs.drafted.append(try benchmark.run(draft.source))
            }
            return runs
        }
        guard !stop.isRaised, let last = drafted.last else { throw CLIError.interrupted }
        let rates = [plain, drafted].map { runs in runs.map { Double(benchmark.answerTokens) / $0.seconds }.median }
        let speedup = zip(plain, drafted).map { $0.seconds / $1.seconds }.median
        if json {
            return try Console.writeJSON(
                [
                    "test": "edit", "n_prompt": .integer(Int64(benchmark.promptTokens)),
                    "n_gen": .integer(Int64(benchmark.answerTokens)), "draft": .string(draft.rawValue),
                    "n_passes": .integer(Int64(last.passes)), "n_drafted": .integer(Int64(last.drafted)),
                    "n_accepted": .integer(Int64(last.accepted)), "plain_ts": .number(rates[0]),
                    "draft_ts": .number(rates[1]), "speedup": .number(speedup),
                ], pretty: true)
        }
        Console.writeLine(
            "a text of \(Format.plural(benchmark.answerTokens, "token")) with one change, medians of \(repetitions):")
        Console.writeLine("  plain   \(Format.fixed(rates[0], 2)) tok/s")
        Console.writeLine(
            "  \(draft.rawValue)  \(Format.fixed(rates[1], 2)) tok/s, \(Format.fixed(speedup, 2)) times as fast: "
                + "\(last.passes) passes, \(last.accepted) of \(last.drafted) guesses right")
    }
}

extension [Double] {
    /// The middle value, of an even number the upper of the two; 0 of none.
    fileprivate var median: Double { isEmpty ? 0 : sorted()[count / 2] }
}
