public import ModelFiles
import TensorCore

extension ImportanceMatrix {
    /// The matrix as llama.cpp's GGUF file.
    /// - Throws: ``GGUFError`` for names too long for such a file.
    public func writer() throws -> GGUFWriter {
        var metadata = GGUFMetadata()
        metadata["general.type"] = .string("imatrix")
        metadata["imatrix.datasets"] = .strings(GGUFStringArray(datasets.map { Array($0.utf8) }))
        metadata["imatrix.chunk_count"] = .uint32(UInt32(clamping: chunkCount))
        metadata["imatrix.chunk_size"] = .uint32(UInt32(clamping: chunkSize))
        var writer = GGUFWriter(metadata: metadata)
        let names = entries.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        for name in names {
            guard let entry = entries[name] else { continue }
            try Self.add("\(name).in_sum2", entry.sums, rows: entry.counts.count, to: &writer)
            try Self.add("\(name).counts", entry.counts, rows: entry.counts.count, to: &writer)
        }
        return writer
    }

    private static func add(_ name: String, _ numbers: [Float], rows: Int, to writer: inout GGUFWriter) throws {
        let bytes = numbers.flatMap { number in withUnsafeBytes(of: number.bitPattern.littleEndian) { [UInt8]($0) } }
        let width = numbers.count / max(rows, 1)
        try writer.add(
            name, type: .f32, dimensions: rows > 1 ? [width, rows] : [width], data: ByteRegion(.copying(bytes)))
    }
}
