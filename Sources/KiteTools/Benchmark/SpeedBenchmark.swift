public import Kite

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Measures how fast a model reads prompts and makes tokens, by llama-bench's definitions: no tokenizer, no sampling,
/// tokens are arbitrary.
public final class SpeedBenchmark {
    /// What to measure.
    public struct Test: Sendable, Equatable {
        /// Tokens read in one go; 0 when none are.
        public var prompt: Int
        /// Tokens made one by one; 0 when none are.
        public var generated: Int
        /// Tokens that are in the context already.
        public var depth: Int

        /// A test.
        public init(prompt: Int = 0, generated: Int = 0, depth: Int = 0) {
            self.prompt = prompt
            self.generated = generated
            self.depth = depth
        }

        /// llama-bench's name for it: `pp512`, `tg64 @ d1024`.
        public var name: String {
            let what =
                prompt > 0 && generated > 0
                ? "pp\(prompt)+tg\(generated)" : prompt > 0 ? "pp\(prompt)" : "tg\(generated)"
            return depth > 0 ? "\(what) @ d\(depth)" : what
        }
    }

    /// What was measured.
    public struct Result: Sendable {
        /// The test.
        public let test: Test
        /// Tokens per second of each repetition.
        public let samples: [Double]

        package init(test: Test, samples: [Double]) {
            self.test = test
            self.samples = samples
        }

        /// Mean of the samples.
        public var average: Double { samples.reduce(0, +) / Double(max(samples.count, 1)) }
        /// Standard deviation of the samples; 0 for a single one.
        public var deviation: Double {
            guard samples.count > 1 else { return 0 }
            let squares = samples.reduce(0) { $0 + ($1 - average) * ($1 - average) }
            return (squares / Double(samples.count - 1)).squareRoot()
        }
        /// The middle sample, or the mean of the two middle ones.
        public var median: Double {
            let sorted = samples.sorted()
            guard !sorted.isEmpty else { return 0 }
            return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
        }
    }

    private let transformer: Transformer
    private let vocabularySize: Int
    private var logits: [Float] = []
    private var lastToken: TokenID = 1

    /// The logits of the last step.
    package var lastLogits: [Float] { logits }

    /// Bytes of the weights.
    public var weightBytes: Int { transformer.weightBytes }

    /// Prepares to measure `checkpoint`.
    /// - Throws: What keeps the model from being run.
    public init(_ checkpoint: Checkpoint, options: LoadOptions, threads: Int) throws {
        transformer = try Transformer(
            checkpoint, threads: threads, promptChunk: max(1, options.promptChunk), kvCacheType: options.kvCacheType,
            activations: options.activations)
        vocabularySize = checkpoint.configuration.vocabularySize
    }

    /// Runs `test` once to warm up, unless told not to, and `repetitions` times to measure.
    /// - Parameter shouldStop: Asked between steps; when it says so, the samples so far are the result.
    public func run(
        _ test: Test, repetitions: Int, warmUp: Bool = true, shouldStop: () -> Bool = { false },
        onSample: (Int, Double) -> Void = { _, _ in }
    ) throws -> Result {
        var start = KVSequence(transformer.kvLayout)
        try read(test.depth, into: &start, shouldStop)
        if warmUp {
            var sequence = start
            try read(min(test.prompt, transformer.promptChunk), into: &sequence, shouldStop)
            try generate(min(test.generated, 2), into: &sequence, shouldStop)
        }
        var samples: [Double] = []
        for index in 0..<repetitions where !shouldStop() {
            var sequence = start
            let began = Self.seconds
            try read(test.prompt, into: &sequence, shouldStop)
            try generate(test.generated, into: &sequence, shouldStop)
            let elapsed = Self.seconds - began
            guard !shouldStop() else { break }
            samples.append(Double(test.prompt + test.generated) / max(elapsed, 1e-9))
            onSample(index, samples[index])
        }
        return Result(test: test, samples: samples)
    }

    private func read(_ count: Int, into sequence: inout KVSequence, _ shouldStop: () -> Bool) throws {
        var rest = count
        while rest > 0, !shouldStop() {
            let step = min(rest, transformer.promptChunk)
            rest -= step
            try transformer.forward(
                (0..<step).map { _ in nextToken() }, after: &sequence, wanted: rest == 0 ? .last : .none,
                logits: &logits)
        }
    }

    private func generate(_ count: Int, into sequence: inout KVSequence, _ shouldStop: () -> Bool) throws {
        for _ in 0..<count where !shouldStop() {
            try transformer.forward([nextToken()], after: &sequence, wanted: .last, logits: &logits)
        }
    }

    /// Tokens that jump about in the table, as those of a text do.
    private func nextToken() -> TokenID {
        lastToken = TokenID((UInt64(lastToken) &* 48271 &+ 11) % UInt64(max(vocabularySize, 1)))
        return lastToken
    }

    private static var seconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
