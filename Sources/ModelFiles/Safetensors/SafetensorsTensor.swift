public import TensorCore

/// A tensor of a safetensors file.
public struct SafetensorsTensor: Sendable {
    /// Its name, such as `model.layers.0.self_attn.q_proj.weight`.
    public let name: String
    /// Type of its elements.
    public let type: SafetensorsType
    /// Its dimensions, the contiguous one last.
    public let shape: [Int]
    /// Its bytes, little endian.
    public let data: ByteRegion
    let file: String

    /// The tensor as a matrix: `[n]` as one row, `[rows, columns]` as it is.
    ///
    /// The bytes stay in the mapped file; they are copied only where they do not lie at a multiple of the element's size,
    /// which writers before 2023 did not see to.
    /// - Throws: ``SafetensorsError`` for other numbers of dimensions, sizes of zero, and types that are no weights.
    public var matrix: Matrix {
        get throws(SafetensorsError) {
            guard let tensorType = type.tensorType else {
                throw SafetensorsError(file: file, .unusableType(type, tensor: name))
            }
            guard let columns = shape.last, shape.count <= 2,
                let matrix = Matrix(
                    type: tensorType, rows: shape.count == 2 ? shape[0] : 1, columns: columns, data: alignedData)
            else { throw SafetensorsError(file: file, .notMatrix(tensor: name, shape: shape)) }
            return matrix
        }
    }

    private var alignedData: ByteRegion {
        guard data.range.lowerBound % (type.bits / 8) != 0 else { return data }
        let copy = ByteStore.allocating(data.count) { target in
            target.withUnsafeMutableBytes { target in
                data.withBytes { source in source.withUnsafeBytes { target.copyMemory(from: $0) } }
            }
        }
        return ByteRegion(copy)
    }
}
