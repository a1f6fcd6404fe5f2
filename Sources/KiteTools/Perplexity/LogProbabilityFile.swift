public import Kite
import TensorCore

/// llama.cpp's file of what a model thought of a text: the tokens, and for each scored one the log-probabilities of the
/// whole vocabulary in 16 bits (``LogProbabilityCodes``).
///
/// Little endian: `_logits_`, i32 context length, vocabulary and number of chunks, i32 tokens of all chunks, then the rows.
/// Only the header stays in memory; rows are read chunk by chunk.
public final class LogProbabilityFile {
    /// Where the file is.
    public let path: String
    /// Tokens of a chunk.
    public let contextLength: Int
    /// Tokens that each row covers.
    public let vocabularySize: Int
    /// Number of chunks.
    public let chunkCount: Int
    /// Tokens of all chunks.
    public let tokens: [TokenID]

    static let magic = Array("_logits_".utf8)
    private let file: ReadableFile
    private var rowsPerChunk: Int { contextLength - 1 - contextLength / 2 }
    private var rowLength: Int { LogProbabilityCodes.rowLength(vocabulary: vocabularySize) }

    /// Opens the file at `path` and checks its header against its length.
    /// - Throws: `FileError`, ``PerplexityError``.
    public init(path: String) throws {
        self.path = path
        file = try ReadableFile(path: path)
        let length = file.length
        guard length >= 20, try file.read(8, as: UInt8.self, at: 0) == Self.magic else {
            throw PerplexityError.notLogProbabilities(path: path)
        }
        let header = try file.read(3, as: Int32.self, at: 8).map(Int.init)
        (contextLength, vocabularySize, chunkCount) = (header[0], header[1], header[2])
        guard (4...1 << 20).contains(contextLength), (1...1 << 24).contains(vocabularySize), chunkCount >= 1 else {
            throw PerplexityError.header(
                path: path,
                "a context of \(header[0]), a vocabulary of \(header[1]) and \(header[2]) chunks make no sense")
        }
        // None of these products can overflow: 2^31 chunks of 2^20 tokens take 2^53 bytes, and their rows are checked.
        let tokenCount = contextLength * chunkCount
        let (rows, overflow) = (2 * (contextLength - 1 - contextLength / 2) * chunkCount).multipliedReportingOverflow(
            by: LogProbabilityCodes.rowLength(vocabulary: vocabularySize))
        let expected = overflow || rows > 1 << 60 ? Int.max : 20 + 4 * tokenCount + rows
        guard length == expected else {
            throw PerplexityError.length(path: path, bytes: length, expected: expected)
        }
        tokens = try file.read(tokenCount, as: TokenID.self, at: 20)
        for token in tokens where token < 0 || Int(token) >= header[1] {
            throw PerplexityError.header(path: path, "token \(token) is none of its vocabulary of \(header[1])")
        }
    }

    /// Bytes of a file for the chunks of `text`.
    static func byteCount(of text: TextChunks, vocabulary: Int) -> Int {
        let rows = text.count * text.scoredPerChunk
        return 20 + 4 * text.count * text.windowLength + 2 * rows
            * LogProbabilityCodes.rowLength(vocabulary: vocabulary)
    }

    /// Whether there is a file at `path` that begins as one of log-probabilities does.
    public static func isOne(_ path: String) -> Bool {
        guard let file = try? ReadableFile(path: path), file.length >= 8 else { return false }
        return (try? file.read(8, as: UInt8.self, at: 0)) == magic
    }

    /// The rows of chunk `index`.
    /// - Throws: `FileError`; ``PerplexityError/damagedRow(path:chunk:row:)``.
    func rows(ofChunk index: Int) throws -> [[UInt16]] {
        let start = 20 + 4 * tokens.count + 2 * index * rowsPerChunk * rowLength
        return try (0..<rowsPerChunk).map { row in
            let numbers = try file.read(
                rowLength, as: UInt16.self, at: start + 2 * row * rowLength)
            guard LogProbabilityCodes.isSound(numbers.span) else {
                throw PerplexityError.damagedRow(path: path, chunk: index + 1, row: row + 1)
            }
            return numbers
        }
    }
}
