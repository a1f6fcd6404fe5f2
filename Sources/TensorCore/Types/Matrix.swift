/// A weight tensor as it lies in its file: `rows` output features of `columns` inputs each, row after row.
///
/// One-dimensional tensors (norm weights, biases) are matrices of one row.
public struct Matrix: Sendable {
    /// Storage of the numbers.
    public let type: TensorType
    /// Output features. GGUF's second dimension.
    public let rows: Int
    /// Input features, the contiguous dimension. GGUF's first dimension.
    public let columns: Int
    /// The blocks, `rows * bytesPerRow` bytes.
    public let data: ByteRegion

    /// Bytes from one row to the next.
    public var bytesPerRow: Int { data.count / max(rows, 1) }

    /// A matrix over `data`; nil when a row is no whole number of blocks or `data` has not the exact size.
    public init?(type: TensorType, rows: Int, columns: Int, data: ByteRegion) {
        guard rows > 0, columns > 0, let rowBytes = type.byteCount(of: columns) else { return nil }
        let (bytes, overflow) = rowBytes.multipliedReportingOverflow(by: rows)
        guard !overflow, bytes == data.count else { return nil }
        self.type = type
        self.rows = rows
        self.columns = columns
        self.data = data
    }
}
