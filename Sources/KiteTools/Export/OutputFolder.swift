import ModelFiles
import TensorCore

/// Whether a folder may be written.
enum OutputFolder {
    /// - Throws: ``ConversionError`` when there is something that must not, or shall not, be replaced.
    static func check(_ path: String, overwrite: Bool) throws(ConversionError) {
        guard OutputFile.exists(path) else { return }
        guard overwrite else { throw .exists(path) }
        // Only what looks like our own work is taken away, never a folder of someone's documents.
        guard ["config.json", "adapter_config.json"].contains(where: { OutputFile.exists("\(path)/\($0)") }) else {
            throw .foreignFolder(path)
        }
    }
}

/// The numbers of a vector, whose places change.
struct VectorRows: RowSource {
    let vector: Matrix
    let order: RowPermutation

    init(_ vector: Matrix, order: RowPermutation) {
        self.vector = vector
        self.order = order
    }

    var rows: Int { 1 }
    var columns: Int { vector.columns }
    var storedType: TensorType? { nil }

    func copy(_ rows: Range<Int>, appendingTo bytes: inout [UInt8]) {}

    func read(_ rows: Range<Int>, into numbers: FloatBuffer) {
        let values = vector.dequantizedRow(0)
        numbers.withMutableSpan { target in
            for column in 0..<columns { target[column] = values[order.source(of: column)] }
        }
    }

    func release(_ rows: Range<Int>) {}
}
