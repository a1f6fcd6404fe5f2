/// An affine map: `matrix` times the input, plus `bias` where there is one, plus what adapters add.
package struct Linear: Sendable {
    /// `[outputs][inputs]`
    package let matrix: Matrix
    /// `[outputs]`
    package let bias: FloatBuffer?
    /// What adapters add to the result in a pass; nil for nothing.
    package var addition: LowRankAddition?

    /// A linear layer; nil when the bias has not one number per output.
    package init?(_ matrix: Matrix, bias: FloatBuffer? = nil) {
        guard bias == nil || bias?.count == matrix.rows else { return nil }
        self.matrix = matrix
        self.bias = bias
    }
}

extension FloatBuffer {
    /// The numbers of a weight tensor (norm weight, bias) as floats, row after row, whatever its file stores.
    /// - Throws: ``AllocationError``.
    package convenience init(dequantizing matrix: Matrix) throws(AllocationError) {
        try self.init(count: matrix.rows * matrix.columns)
        for row in 0..<matrix.rows {
            matrix.dequantizeRow(row, into: pointer + row * matrix.columns)
        }
    }
}
