public import Kite
public import TensorCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Measures how fast a model reads prompts and makes tokens, by llama-bench's definitions: no tokenizer, no sampling,
/// tokens are arbitrary.
public final class SpeedBenchmark {
    /// How far a test is.
    public enum Stage: Sendable, Equatable {
        /// Measures what the machine can do.
        case ceilings
        /// Fills the context.
        case depth
        case warmUp
        /// A repetition ended, at so many tokens per second.
        case sample(Double)
    }

    /// The tokens of each sequence and what was read of it.
    private var sequences: [KVSequence] = []
    private let transformer: Transformer
    private let vocabularySize: Int
    private let threads: Int
    private var logits: [Float] = []
    private var lastToken: TokenID = 1

    /// Adapters that all tokens are read with. Ceilings leave them out: they are the model's own.
    public var adapters: AdapterSet?

    /// What passes have to read and to compute.
    public let work: ModelWork

    /// The logits of the last step.
    package var lastLogits: [Float] { logits }

    /// Bytes of the weights.
    public var weightBytes: Int { transformer.weightBytes }

    /// How keys and values are stored.
    public var kvLayout: KVLayout { transformer.kvLayout }

    /// Most tokens of a pass.
    public var promptChunk: Int { transformer.promptChunk }

    /// Prepares to measure `checkpoint`.
    /// - Throws: What keeps the model from being run.
    public init(_ checkpoint: Checkpoint, options: LoadOptions, threads: Int) throws {
        transformer = try Transformer(
            checkpoint, threads: threads, promptChunk: max(1, options.promptChunk), kvCacheType: options.kvCacheType,
            activations: options.activations)
        work = try ModelWork(checkpoint, layout: transformer.kvLayout, activations: options.activations)
        vocabularySize = checkpoint.configuration.vocabularySize
        self.threads = threads
    }

    /// Runs `test` once to warm up, unless told not to, and `repetitions` times to measure.
    /// - Parameters:
    ///   - meter: Measures what the machine can do, before and after; without it the result has no ceiling.
    ///   - shouldStop: Asked between steps; when it says so, the samples so far are the result.
    ///   - onStage: Told what is being done.
    public func run(
        _ test: Test, repetitions: Int, warmUp: Bool = true, meter: CeilingMeter? = nil,
        shouldStop: () -> Bool = { false }, onStage: (Stage) -> Void = { _ in }
    ) throws -> Result {
        if meter != nil { onStage(.ceilings) }
        let before = meter?.measure()
        if test.depth > 0 { onStage(.depth) }
        var start = (0..<max(test.sequences, 1)).map { _ in KVSequence(transformer.kvLayout) }
        for index in start.indices { try read(test.depth, into: &start[index], shouldStop) }
        if warmUp {
            onStage(.warmUp)
            sequences = start
            try read(min(test.prompt, transformer.promptChunk), into: &sequences[0], shouldStop)
            try generate(min(test.generated, 2), shouldStop)
        }
        var seconds: [Double] = []
        for _ in 0..<repetitions where !shouldStop() {
            sequences = start
            // Memory for the context is there beforehand, as it is in llama-bench.
            for index in sequences.indices {
                try sequences[index].reserve(upTo: test.depth + test.prompt + test.generated)
            }
            let began = Self.seconds
            for index in sequences.indices { try read(test.prompt, into: &sequences[index], shouldStop) }
            try generate(test.generated, shouldStop)
            let elapsed = Self.seconds - began
            guard !shouldStop() else { break }
            seconds.append(elapsed)
            onStage(.sample(Double(test.tokenCount) / max(elapsed, 1e-9)))
        }
        sequences = []
        // Whichever of both was disturbed less by other programs.
        let machine = before.map { $0.raised(by: meter?.measure() ?? $0) }
        return Result(
            test: test, threads: threads, seconds: seconds, machine: machine,
            ceiling: machine.map { work.ceiling(of: test, promptChunk: transformer.promptChunk, $0) })
    }

    private func read(_ count: Int, into sequence: inout KVSequence, _ shouldStop: () -> Bool) throws {
        var rest = count
        while rest > 0, !shouldStop() {
            let step = min(rest, transformer.promptChunk)
            rest -= step
            var steps = [
                Transformer.Step(
                    tokens: (0..<step).map { _ in nextToken() }, sequence: sequence, wanted: rest == 0 ? .last : .none,
                    adapters: adapters)
            ]
            // The step holds the only reference while it runs, so that no page is taken for a shared one.
            sequence = KVSequence(transformer.kvLayout)
            defer { sequence = steps[0].sequence }
            try transformer.forward(&steps, logits: &logits)
        }
    }

    /// Makes `count` tokens of every sequence, as many sequences in a pass as fit.
    private func generate(_ count: Int, _ shouldStop: () -> Bool) throws {
        for _ in 0..<count where !shouldStop() {
            for first in stride(from: 0, to: sequences.count, by: transformer.promptChunk) {
                let batch = first..<min(first + transformer.promptChunk, sequences.count)
                var steps = batch.map {
                    Transformer.Step(
                        tokens: [nextToken()], sequence: sequences[$0], wanted: .last, adapters: adapters)
                }
                // The steps hold the only references while they run, so that no page is taken for a shared one.
                for index in batch { sequences[index] = KVSequence(transformer.kvLayout) }
                defer { for (index, step) in zip(batch, steps) { sequences[index] = step.sequence } }
                try transformer.forward(&steps, logits: &logits)
            }
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
