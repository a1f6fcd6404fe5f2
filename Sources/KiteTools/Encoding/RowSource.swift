import ModelFiles
import TensorCore

/// Where the rows of a tensor to be written come from. Asked by several threads at once, each for rows of its own.
protocol RowSource: Sendable {
    /// Number of rows.
    var rows: Int { get }
    /// Numbers in a row.
    var columns: Int { get }
    /// What the rows are stored as where they can be copied as they are; nil where they are computed.
    var storedType: TensorType? { get }
    /// Appends the bytes of `rows` as they are stored. Only asked when there is a ``storedType``.
    func copy(_ rows: Range<Int>, appendingTo bytes: inout [UInt8]) throws
    /// Fills the beginning of `numbers`, which is large enough, with `rows`.
    func read(_ rows: Range<Int>, into numbers: FloatBuffer) throws
    /// Told that `rows` were read and will not be asked for again.
    func release(_ rows: Range<Int>)
}

/// The rows of a matrix that lies in a file, in its order or in another.
struct MatrixRows: RowSource {
    let matrix: Matrix
    /// Which row of the matrix comes when, where rows change places; nil to keep their order.
    let order: RowPermutation?

    init(_ matrix: Matrix, order: RowPermutation? = nil) {
        self.matrix = matrix
        self.order = order
    }

    var rows: Int { matrix.rows }
    var columns: Int { matrix.columns }
    var storedType: TensorType? { matrix.type }

    func copy(_ rows: Range<Int>, appendingTo bytes: inout [UInt8]) {
        let size = matrix.bytesPerRow
        matrix.data.withBytes { data in
            data.withUnsafeBytes { data in
                guard let order else {
                    bytes.append(contentsOf: data[rows.lowerBound * size..<rows.upperBound * size])
                    return
                }
                for row in rows {
                    let start = order.source(of: row) * size
                    bytes.append(contentsOf: data[start..<start + size])
                }
            }
        }
    }

    func read(_ rows: Range<Int>, into numbers: FloatBuffer) {
        for (index, row) in rows.enumerated() {
            matrix.dequantizeRow(order?.source(of: row) ?? row, into: numbers, at: index * columns)
        }
    }

    /// A checkpoint is read once; without this all of it would count as this process's memory.
    func release(_ rows: Range<Int>) {
        let (start, size) = (matrix.data.range.lowerBound, matrix.bytesPerRow)
        // The last rows take all with them: threads that read beside each other bring pages back.
        let first = rows.upperBound == matrix.rows ? 0 : rows.lowerBound
        ByteRegion(matrix.data.store, start + first * size..<start + rows.upperBound * size)?.dropPages()
    }
}
