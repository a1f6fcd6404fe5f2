public import Kite
import TensorCore

/// Measures how much each column of each matrix matters: a model reads a text in chunks, and the squares of the
/// activations that matrices meet are summed.
///
/// The protocol is that of llama.cpp's `llama-imatrix`: chunks are read independently of each other; where the
/// vocabulary begins texts with a token of its own, that takes the place of each chunk's first token. Sums are kept in
/// 64 bits.
public final class ImportanceMeasurement {
    /// Tokens of a chunk.
    public let chunkSize: Int
    /// Number of chunks.
    public let chunkCount: Int

    private let transformer: Transformer
    private let tokens: [TokenID]
    private let bosToken: TokenID?
    private let collector: Collector
    private let includesOutput: Bool

    /// - Parameters:
    ///   - checkpoint: The model; best not quantized.
    ///   - tokens: The text.
    ///   - chunkSize: Tokens of a chunk.
    ///   - limit: Most chunks; nil for all.
    ///   - bosToken: The token that begins texts, where the vocabulary adds one.
    ///   - includesOutput: Whether the output matrix is measured too, which takes longer.
    /// - Throws: ``ImportanceError`` when the text is too short, and what keeps the model from being run.
    public init(
        _ checkpoint: Checkpoint, tokens: [TokenID], chunkSize: Int = 512, limit: Int? = nil, bosToken: TokenID?,
        includesOutput: Bool = false, options: LoadOptions = .init()
    ) throws {
        let available = tokens.count / max(chunkSize, 1)
        guard chunkSize >= 16, available > 0 else {
            throw ImportanceError(file: "the text", .tooShort(tokens: tokens.count, needed: max(chunkSize, 16)))
        }
        for token in tokens where token < 0 || Int(token) >= checkpoint.configuration.vocabularySize {
            throw ImportanceError(
                file: "the text", .tokenOutOfRange(token, vocabulary: checkpoint.configuration.vocabularySize))
        }
        self.tokens = tokens
        self.chunkSize = chunkSize
        chunkCount = min(limit ?? available, available)
        self.bosToken = bosToken
        // Embeddings are quantized without regard to what they meet as output, there as here.
        self.includesOutput = includesOutput && !checkpoint.configuration.tiedEmbeddings
        collector = Collector()
        transformer = try Transformer(
            checkpoint, threads: options.threads ?? ThreadPool.defaultThreadCount,
            promptChunk: max(1, min(chunkSize, 4096)), kvCacheType: options.kvCacheType,
            activations: options.activations)
        transformer.observer = collector
    }

    /// Reads all chunks.
    /// - Parameters:
    ///   - dataset: What the text is called in the file.
    ///   - path: Where the matrix will be written, for messages.
    ///   - onChunk: Told how many chunks are read.
    /// - Throws: ``ImportanceError`` for activations that are no finite numbers, ``AllocationError``.
    public func run(dataset: String, path: String, onChunk: ((_ done: Int) -> Void)? = nil) throws -> ImportanceMatrix {
        for chunk in 0..<chunkCount {
            var part = Array(tokens[chunk * chunkSize..<(chunk + 1) * chunkSize])
            if let bosToken { part[0] = bosToken }
            var sequence = KVSequence(transformer.kvLayout)
            for start in stride(from: 0, to: part.count, by: transformer.promptChunk) {
                let piece = Array(part[start..<min(start + transformer.promptChunk, part.count)])
                var steps = [Transformer.Step(tokens: piece, sequence: sequence, wanted: includesOutput ? .all : .none)]
                // The step holds the only reference while it runs, so that no page is taken for a shared one.
                sequence = KVSequence(transformer.kvLayout)
                try transformer.forward(&steps, visitingLogits: { _, _ in })
                sequence = steps[0].sequence
            }
            if let name = collector.nonFinite {
                throw ImportanceError(file: "chunk \(chunk)", .activations(tensor: name))
            }
            onChunk?(chunk + 1)
        }
        return ImportanceMatrix(
            path: path, entries: collector.entries, datasets: [dataset], chunkCount: chunkCount, chunkSize: chunkSize)
    }
}

/// Sums squares, once for the matrices that share an input.
private final class Collector: ActivationObserver {
    private struct Sum {
        var squares: [Double]
        var rows = 0
    }

    private var sums: [String: Sum] = [:]
    private var names: [String: [String]] = [:]
    private(set) var nonFinite: String?

    func observe(_ rows: Span<Float>, width: Int, of matrices: [String]) {
        guard let first = matrices.first, width > 0 else { return }
        names[first] = matrices
        var sum = sums.removeValue(forKey: first) ?? Sum(squares: Array(repeating: 0, count: width))
        let count = rows.count / width
        var squares = sum.squares.mutableSpan
        for row in 0..<count {
            for column in 0..<width {
                let value = Double(rows[row * width + column])
                squares[column] += value * value
            }
        }
        sum.rows += count
        if nonFinite == nil, !sum.squares.allSatisfy(\.isFinite) { nonFinite = first }
        sums[first] = sum
    }

    var entries: [String: ImportanceMatrix.Entry] {
        var entries: [String: ImportanceMatrix.Entry] = [:]
        for (first, sum) in sums {
            let entry = ImportanceMatrix.Entry(sums: sum.squares.map { Float($0) }, counts: [Float(sum.rows)])
            for name in names[first] ?? [] { entries[name] = entry }
        }
        return entries
    }
}
