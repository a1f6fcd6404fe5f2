public import TensorCore

/// A tensor as the file lists it.
public struct GGUFTensor: Sendable {
    /// Name, such as `blk.0.attn_q.weight`.
    public let name: String
    /// One to four sizes, the contiguous dimension first.
    public let dimensions: [Int]
    /// How its numbers are stored.
    public let type: TensorType
    /// Its bytes: exactly as many as shape and type need.
    public let data: ByteRegion
    /// Name of the file, for errors.
    let file: String

    /// Number of elements.
    public var elementCount: Int { dimensions.reduce(1, *) }

    /// The tensor as a matrix of `dimensions[1]` rows, or of one row when it is a vector.
    /// - Throws: ``GGUFError`` when it has more than two dimensions (beyond trailing ones).
    public var matrix: Matrix {
        get throws(GGUFError) {
            guard dimensions.dropFirst(2).allSatisfy({ $0 == 1 }),
                let matrix = Matrix(
                    type: type, rows: dimensions.count > 1 ? dimensions[1] : 1, columns: dimensions[0], data: data)
            else {
                throw GGUFError(file: file, .notMatrix(tensor: name, dimensions: dimensions))
            }
            return matrix
        }
    }
}
