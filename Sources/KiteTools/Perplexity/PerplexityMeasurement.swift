#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif
public import Kite
import Synchronization
import TensorCore

/// What a model thought of one token.
struct TokenScore: Sendable {
    /// Minus the natural logarithm of its probability.
    var surprise = Double.nan
    /// The same of the base.
    var baseSurprise = 0.0
    /// Kullback-Leibler divergence of the model from the base at this place.
    var divergence = 0.0
    /// Whether model and base have the same favourite.
    var hasSameTop = false

    /// Change of the token's probability.
    var change: Double { exp(-surprise) - exp(-baseSurprise) }
    /// Whether all of it is numbers.
    var isSound: Bool { surprise.isFinite && baseSurprise.isFinite && divergence.isFinite }
}

/// Measures a model's perplexity on a text, and how far it is from a base.
///
/// The base is another model, run beside this one chunk by chunk, or a ``LogProbabilityFile``. The base's probabilities are
/// rounded to the file's 16 bits either way, so both give the same numbers to the last bit. So do any number of threads
/// and chunks per pass.
public final class PerplexityMeasurement {
    /// What the model is compared with.
    public enum Base {
        /// A model and what to call it.
        case model(Checkpoint, name: String)
        /// What a model thought, from a file.
        case file(LogProbabilityFile)
    }

    private let text: TextChunks
    private let name: String
    private let model: ChunkScorer
    private let base: Base?
    private let baseModel: ChunkScorer?
    private let outputPath: String?

    /// - Parameters:
    ///   - checkpoint: The model.
    ///   - name: What errors call it.
    ///   - text: The text.
    ///   - base: What to compare it with, if anything.
    ///   - options: How models are run.
    ///   - adapters: What the model, not the base, is run with.
    ///   - outputPath: Where to write a ``LogProbabilityFile``, if at all.
    /// - Throws: ``PerplexityError``, and what keeps a model from being run.
    public init(
        _ checkpoint: Checkpoint, name: String, text: TextChunks, base: Base? = nil, options: LoadOptions = .init(),
        adapters: AdapterSet? = nil, savingTo outputPath: String? = nil
    ) throws {
        let vocabulary = checkpoint.configuration.vocabularySize
        try text.check(vocabulary: vocabulary)
        self.text = text
        self.name = name
        self.base = base
        self.outputPath = outputPath
        switch base {
        case .model(let other, let baseName):
            let size = other.configuration.vocabularySize
            guard size == vocabulary else {
                throw PerplexityError.vocabulariesDiffer(model: vocabulary, base: baseName, size)
            }
            baseModel = try ChunkScorer(other, options: options)
        case .file(let file):
            guard file.vocabularySize == vocabulary else {
                throw PerplexityError.vocabulariesDiffer(model: vocabulary, base: file.path, file.vocabularySize)
            }
            baseModel = nil
        case nil: baseModel = nil
        }
        model = try ChunkScorer(checkpoint, options: options, adapters: adapters)
    }

    /// Checks that the tokenizer of a base cuts `text` into the same `tokens` as that of the model called `name`.
    /// - Throws: ``PerplexityError/tokenizersDiffer(model:base:)``, and the tokenizer's errors.
    public static func check(
        _ tokens: [TokenID], of text: [UInt8], by name: String, with base: Checkpoint, _ baseName: String,
        preTokenizer: String? = nil
    ) throws {
        let other = try Tokenizer.load(base, preTokenizerOverride: preTokenizer)
        guard TextChunks.tokens(of: text, with: other) == tokens else {
            throw PerplexityError.tokenizersDiffer(model: name, base: baseName)
        }
    }

    /// How far a measurement is.
    public struct Progress: Sendable {
        /// Chunks done.
        public let done: Int
        /// Chunks to do.
        public let total: Int
        /// Perplexity so far.
        public let perplexity: Estimate
        /// How far from the base so far.
        public let divergence: Divergence?

        /// The statistics that are shown while they grow.
        public struct Divergence: Sendable {
            /// Logarithm of the ratio of the perplexities.
            public let logRatio: Estimate
            /// Mean Kullback-Leibler divergence.
            public let divergence: Estimate
            /// Root of the mean square of the change of the true token's probability.
            public let rootMeanSquareChange: Estimate
            /// Share of tokens for which both have the same favourite.
            public let sameTop: Estimate
        }
    }

    /// Runs the text through the model.
    /// - Parameters:
    ///   - shouldStop: Asked before every pass; when it says so, the chunks so far are the result and no file is written.
    ///   - onChunk: Told the results so far after each chunk.
    /// - Throws: ``PerplexityError/logits(model:chunk:position:)``, `FileError`, `AllocationError`.
    public func run(
        shouldStop: () -> Bool = { false }, onChunk: (Progress) -> Void = { _ in }
    ) throws -> PerplexityResult {
        let began = Self.seconds
        let writer = try outputPath.map {
            try LogProbabilityWriter(path: $0, text: text, vocabularySize: model.vocabularySize)
        }
        var surprises = Moments()
        var sums = DivergenceSums()
        var running: [Double] = []
        let width = model.chunksPerPass(of: text)
        var first = 0
        while first < text.count, !shouldStop() {
            let group = first..<min(first + width, text.count)
            let (scores, rows) = try score(group)
            try writer?.append(rows)
            for (offset, chunk) in group.enumerated() {
                let places = offset * text.scoredPerChunk..<(offset + 1) * text.scoredPerChunk
                for score in scores[places] {
                    surprises.add(score.surprise)
                    if base != nil { sums.add(score) }
                }
                running.append(exp(surprises.mean))
                onChunk(progress(chunk + 1, surprises, sums))
            }
            first = group.upperBound
        }
        if running.count == text.count { try writer?.commit() }
        return PerplexityResult(
            chunks: running.count, count: surprises.count, meanSurprise: surprises.estimate,
            runningPerplexity: running, divergence: base == nil || running.isEmpty ? nil : DivergenceStatistics(sums),
            seconds: Self.seconds - began)
    }

    private func progress(_ done: Int, _ surprises: Moments, _ sums: DivergenceSums) -> Progress {
        let divergence = Progress.Divergence(
            logRatio: sums.logRatio, divergence: sums.divergence.estimate,
            rootMeanSquareChange: sums.squaredChange.estimate.squareRoot, sameTop: sums.sameTopEstimate)
        return Progress(
            done: done, total: text.count, perplexity: surprises.estimate.exponential,
            divergence: base == nil ? nil : divergence)
    }

    /// The scores of all scored positions of some chunks, and the model's rows when they are to be written.
    private func score(_ group: Range<Int>) throws -> (scores: [TokenScore], rows: [[UInt16]]) {
        let count = group.count * text.scoredPerChunk
        let baseRows = try rowsOfBase(group, count)
        let keepsRows = outputPath != nil
        let table = ResultTable(count: count, initial: (score: TokenScore(), row: [UInt16]()))
        try model.score(group, of: text) { index, logits in
            var row: [UInt16] = []
            var logSum = Double.nan
            if keepsRows {
                row = LogProbabilityCodes.encode(logits, logSum: &logSum)
            } else {
                logSum = FloatOps.logSumExp(logits)
            }
            let target = Int(target(index, in: group))
            var score = TokenScore(surprise: logSum - Double(logits[target]))
            if !baseRows.isEmpty {
                let base = baseRows[index]
                score.baseSurprise = -LogProbabilityCodes.logProbability(of: target, in: base.span)
                score.divergence = LogProbabilityCodes.divergence(
                    of: logits, logSum: logSum, from: base.span)
                let top = LogProbabilityCodes.likeliest(in: base.span, vocabulary: logits.count)
                score.hasSameTop = top == FloatOps.argmax(logits)
            }
            table.set((score, row), at: index)
        }
        let results = table.values
        for (index, result) in results.enumerated() where !result.score.isSound {
            throw badLogits(of: name, at: index, in: group)
        }
        return (results.map(\.score), keepsRows ? results.map(\.row) : [])
    }

    /// The base's log-probabilities at the scored positions of some chunks.
    private func rowsOfBase(_ group: Range<Int>, _ count: Int) throws -> [[UInt16]] {
        switch base {
        case nil: return []
        case .file(let file): return try group.flatMap { try file.rows(ofChunk: $0) }
        case .model(_, let baseName):
            guard let baseModel else { return [] }
            let table = ResultTable(count: count, initial: (row: [UInt16](), logSum: Double.nan))
            try baseModel.score(group, of: text) { index, logits in
                var logSum = Double.nan
                let row = LogProbabilityCodes.encode(logits, logSum: &logSum)
                table.set((row, logSum), at: index)
            }
            let results = table.values
            for (index, result) in results.enumerated() where !result.logSum.isFinite {
                throw badLogits(of: baseName, at: index, in: group)
            }
            return results.map(\.row)
        }
    }

    private func target(_ index: Int, in group: Range<Int>) -> TokenID {
        let (chunk, place) = index.quotientAndRemainder(dividingBy: text.scoredPerChunk)
        return text.target(group.lowerBound + chunk, place)
    }

    private func badLogits(of name: String, at index: Int, in group: Range<Int>) -> PerplexityError {
        let (chunk, place) = index.quotientAndRemainder(dividingBy: text.scoredPerChunk)
        return .logits(model: name, chunk: group.lowerBound + chunk + 1, position: text.firstScored + place)
    }

    private static var seconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}

/// Results that several threads fill in, each its own places.
private final class ResultTable<Value: Sendable>: Sendable {
    private let storage: Mutex<[Value]>

    init(count: Int, initial: Value) { storage = Mutex([Value](repeating: initial, count: count)) }

    func set(_ value: Value, at index: Int) { storage.withLock { $0[index] = value } }
    var values: [Value] { storage.withLock { $0 } }
}
