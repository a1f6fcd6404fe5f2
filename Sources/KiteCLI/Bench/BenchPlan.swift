import Kite
import KiteTools

/// What `kite bench` was asked to measure: every combination of its lists.
struct BenchPlan: Equatable {
    /// Numbers of threads.
    var threads: [Int]
    /// Tests, in the order of the table.
    var tests: [SpeedBenchmark.Test]
    /// How often to measure each.
    var repetitions: Int

    /// Reads lists such as `128,512`.
    /// - Throws: ``CLIError`` that names the list that is wrong.
    init(prompt: String, generated: String, depth: String, sequences: String, threads: String?, repetitions: Int) throws
    {
        let prompts = try Self.numbers(prompt, "--n-prompt")
        let generated = try Self.numbers(generated, "--n-gen")
        let sequences = try Self.numbers(sequences, "--n-seq", 1...512)
        tests = try Self.numbers(depth, "--n-depth").flatMap { depth in
            // A prompt is read alone: several of them take as long one after another as together.
            prompts.filter { $0 > 0 }.map { SpeedBenchmark.Test(prompt: $0, depth: depth) }
                + generated.filter { $0 > 0 }.flatMap { count in
                    sequences.map { SpeedBenchmark.Test(generated: count, depth: depth, sequences: $0) }
                }
        }
        guard !tests.isEmpty else { throw CLIError.usage("nothing to measure: -p or -n must be more than 0") }
        self.threads =
            try threads.map { try Self.numbers($0, "--threads", 1...1024) } ?? [ThreadPool.defaultThreadCount]
        guard (1...10_000).contains(repetitions) else {
            throw CLIError.usage("--repetitions \(repetitions) is not between 1 and 10000")
        }
        self.repetitions = repetitions
    }

    /// `128,512` as numbers.
    static func numbers(_ text: String, _ option: String, _ range: ClosedRange<Int> = 0...1 << 20) throws -> [Int] {
        try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            guard let number = Int(part), range.contains(number) else {
                let bounds = "\(range.lowerBound) to \(range.upperBound)"
                throw CLIError.usage("\(option) '\(text)' is no list of numbers from \(bounds), like 1,2,4")
            }
            return number
        }
    }
}
