import ModelFiles
import TensorCore

/// The rows of a matrix that a GPTQ checkpoint keeps packed, in its order or in another.
struct GPTQRows: RowSource {
    let matrix: GPTQMatrix
    /// Which row of the matrix comes when, where rows change places; nil to keep their order.
    var order: RowPermutation?

    var rows: Int { matrix.rows }
    var columns: Int { matrix.columns }
    /// Nil where weights are computed and rounded.
    var storedType: TensorType? { matrix.type.isQuantized ? matrix.type : nil }

    func copy(_ rows: Range<Int>, appendingTo bytes: inout [UInt8]) throws {
        try matrix.appendBlocks(places(rows), to: &bytes)
    }

    func read(_ rows: Range<Int>, into numbers: FloatBuffer) throws {
        try numbers.withMutableSpan { try matrix.read(places(rows), into: &$0) }
    }

    /// Words are spread over all rows, so that pages are needed until the last.
    func release(_ rows: Range<Int>) {
        if rows.upperBound == matrix.rows { matrix.dropPages() }
    }

    private func places(_ rows: Range<Int>) -> [Int] { rows.map { order?.source(of: $0) ?? $0 } }
}
