internal import CKernels

extension Matrix {
    /// The numbers of row `row`. Bit-equal to what the `gguf` Python package decodes.
    package func dequantizedRow(_ row: Int) -> [Float] {
        [Float](unsafeUninitializedCapacity: columns) { buffer, count in
            if let base = buffer.baseAddress { dequantizeRow(row, into: base) }
            count = columns
        }
    }

    /// Writes the numbers of row `row` to `buffer`, from number `offset` on: the embedding of a token.
    package func dequantizeRow(_ row: Int, into buffer: FloatBuffer, at offset: Int) {
        precondition(offset >= 0 && offset <= buffer.count - columns, "row beyond the buffer")
        dequantizeRow(row, into: buffer.pointer + offset)
    }

    func dequantizeRow(_ row: Int, into output: UnsafeMutablePointer<Float>) {
        precondition(row >= 0 && row < rows, "no such row")
        guard let base = data.pointer else { return }
        kite_dequantize(type.kernelType, base + row * bytesPerRow, columns, output)
    }
}
