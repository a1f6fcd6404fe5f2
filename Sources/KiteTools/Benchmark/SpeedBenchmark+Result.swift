public import TensorCore

extension SpeedBenchmark {
    /// What to measure.
    public struct Test: Sendable, Equatable {
        /// Tokens of each sequence read in one go; 0 when none are.
        public var prompt: Int
        /// Tokens of each sequence made one by one; 0 when none are.
        public var generated: Int
        /// Tokens that are in each context already.
        public var depth: Int
        /// Sequences that make their tokens together, one pass over the weights for all.
        public var sequences: Int

        /// A test.
        public init(prompt: Int = 0, generated: Int = 0, depth: Int = 0, sequences: Int = 1) {
            self.prompt = prompt
            self.generated = generated
            self.depth = depth
            self.sequences = sequences
        }

        /// Tokens that count, of all sequences.
        public var tokenCount: Int { (prompt + generated) * sequences }

        /// llama-bench's name for it: `pp512`, `tg64 @ d1024`; of several sequences `tg64 x8`.
        public var name: String {
            let parts = [prompt > 0 ? "pp\(prompt)" : nil, generated > 0 ? "tg\(generated)" : nil]
            let what = parts.compactMap { $0 }.joined(separator: "+") + (sequences > 1 ? " x\(sequences)" : "")
            return depth > 0 ? "\(what) @ d\(depth)" : what
        }
    }

    /// What was measured.
    public struct Result: Sendable {
        /// The test.
        public let test: Test
        /// Threads that computed.
        public let threads: Int
        /// Seconds of each repetition.
        public let seconds: [Double]
        /// What the machine could do at the time; nil when it was not measured.
        public let machine: MachineCeilings?
        /// Tokens per second at which memory or arithmetic would be the limit; nil without ``machine``.
        public let ceiling: Double?

        package init(
            test: Test, threads: Int = 1, seconds: [Double], machine: MachineCeilings? = nil, ceiling: Double? = nil
        ) {
            self.test = test
            self.threads = threads
            self.seconds = seconds
            self.machine = machine
            self.ceiling = ceiling
        }

        /// Tokens per second of each repetition.
        public var samples: [Double] { seconds.map { Double(test.tokenCount) / max($0, 1e-9) } }
        /// Mean of the samples.
        public var average: Double { Self.average(samples) }
        /// Standard deviation of the samples; 0 for a single one.
        public var deviation: Double { Self.deviation(samples) }
        /// The middle sample, or the mean of the two middle ones.
        public var median: Double {
            let sorted = samples.sorted()
            guard !sorted.isEmpty else { return 0 }
            return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
        }
        /// The share of the ceiling that the median reaches.
        public var share: Double? { ceiling.flatMap { $0 > 0 ? median / $0 : nil } }

        /// The mean; 0 of nothing.
        public static func average(_ values: [Double]) -> Double {
            values.reduce(0, +) / Double(Swift.max(values.count, 1))
        }

        /// The standard deviation of a sample; 0 for less than two values.
        public static func deviation(_ values: [Double]) -> Double {
            guard values.count > 1 else { return 0 }
            let mean = average(values)
            return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
        }
    }
}
