internal import CKernels

/// The factors of what an adapter adds to a matrix W: W·x + B·(A·x), with A `[rank][columns]` and B `[rows][rank]`.
package final class LowRankFactors: Sendable {
    /// Rows of W.
    package let rows: Int
    /// Columns of W.
    package let columns: Int
    package let rank: Int
    /// A, as its file stores it.
    let first: Matrix
    /// Storage of ``second``: F32, F16 or BF16.
    let secondType: TensorType
    /// B as `[rows / 32][rank][32]`, so that a few rows of a product find theirs in one place.
    let second: FloatBuffer

    /// Rows of B that lie together.
    private static let block = 32

    /// Factors of a product; nil when they have different ranks, or one that is no sensible number.
    ///
    /// B is copied; A is taken as it is.
    /// - Parameters:
    ///   - rowOrder: The row of `b` that belongs to row `index` of W.
    /// - Throws: ``AllocationError``.
    package init?(a: Matrix, b: Matrix, rowOrder: (_ index: Int) -> Int = { $0 }) throws(AllocationError) {
        guard a.rows == b.columns, a.rows < 1 << 20 else { return nil }
        rows = b.rows
        columns = a.columns
        rank = a.rows
        first = a
        secondType = b.type == .f16 || b.type == .bf16 ? b.type : .f32
        let numbers = ((b.rows - 1) / Self.block + 1) * Self.block * rank
        second = try FloatBuffer(count: secondType == .f32 ? numbers : numbers / 2)
        if secondType == .f32 {
            let row = try FloatBuffer(count: rank)
            for index in 0..<rows {
                b.dequantizeRow(rowOrder(index), into: row, at: 0)
                Self.scatter(row.pointer, to: second.pointer + place(index), rank)
            }
        } else {
            // What both 16-bit types have in common is that nothing is computed.
            second.pointer.withMemoryRebound(to: UInt16.self, capacity: numbers) { target in
                for index in 0..<rows {
                    guard let base = b.data.pointer else { return }
                    let row = UnsafeRawPointer(base + rowOrder(index) * b.bytesPerRow)
                    for k in 0..<rank {
                        target[place(index) + k * Self.block] = row.loadUnaligned(
                            fromByteOffset: 2 * k, as: UInt16.self)
                    }
                }
            }
        }
    }

    /// Bytes in memory.
    package var byteCount: Int { first.data.count + second.count * MemoryLayout<Float>.stride }

    /// Where a row's first number is in ``second``.
    private func place(_ row: Int) -> Int { row / Self.block * Self.block * rank + row % Self.block }

    private static func scatter(_ row: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, _ rank: Int) {
        for k in 0..<rank { target[k * block] = row[k] }
    }
}
