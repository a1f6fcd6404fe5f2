import Kite
import ModelFiles
import TensorCore

/// Writes a ``LogProbabilityFile``. It appears under its name only when it is whole.
final class LogProbabilityWriter {
    private let file: AtomicFile

    /// Starts a file for the chunks of `text`.
    /// - Throws: `FileError`.
    init(path: String, text: TextChunks, vocabularySize: Int) throws(FileError) {
        file = try AtomicFile(path: path)
        let header = [text.windowLength, vocabularySize, text.count].map { Int32(truncatingIfNeeded: $0) }
        let tokens = text.tokens[..<(text.windowLength * text.count)]
        let (magic, numbers) = (LogProbabilityFile.magic, (header + tokens).map(\.littleEndian))
        try file.write(magic.span.bytes)
        try file.write(numbers.span.bytes)
    }

    /// Appends the rows of the next chunk.
    /// - Throws: `FileError`.
    func append(_ rows: some Collection<[UInt16]>) throws(FileError) {
        for row in rows {
            #if _endian(big)
            let row = row.map(\.littleEndian)
            #endif
            try file.write(row.span.bytes)
        }
    }

    /// Gives the file its name.
    /// - Throws: `FileError`.
    func commit() throws(FileError) { try file.commit() }
}
