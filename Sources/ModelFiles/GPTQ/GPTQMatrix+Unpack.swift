package import TensorCore

extension GPTQMatrix {
    /// The matrix in memory, as ``type``.
    /// - Throws: ``GPTQError/scale(_:)``, and ``AllocationError`` when there is no memory for it.
    package func unpacked() throws -> Matrix {
        let rowBytes = type.byteCount(of: columns) ?? 0
        let store = try ByteStore.allocating(rowBytes * rows) { (target) throws -> Void in
            try target.withUnsafeMutableBytes { target in
                let step = max(1, (1 << 17) / columns)
                for start in stride(from: 0, to: rows, by: step) {
                    let bytes = try encoded(Array(start..<min(start + step, rows)))
                    UnsafeMutableRawBufferPointer(rebasing: target[(start * rowBytes)...]).copyBytes(from: bytes)
                }
            }
        }
        dropPages()
        guard let matrix = Matrix(type: type, rows: rows, columns: columns, data: ByteRegion(store)) else {
            throw AllocationError(purpose: "weights", bytes: rowBytes * rows)
        }
        return matrix
    }

    /// The rows `order` as ``type``.
    private func encoded(_ order: [Int]) throws -> [UInt8] {
        var bytes: [UInt8] = []
        guard type == .f16 else {
            try appendBlocks(order, to: &bytes)
            return bytes
        }
        let buffer = try FloatBuffer(count: order.count * columns)
        try buffer.withMutableSpan { try read(order, into: &$0) }
        try buffer.withSpan { numbers in
            for row in 0..<order.count {
                try Quantizer.encode(
                    numbers.extracting(row * columns..<(row + 1) * columns), as: .f16, appendingTo: &bytes)
            }
        }
        return bytes
    }
}
