// init(_ kind:, epsilon:, weight:, bias:, groups:) throws
// apply(to:rows:into:pool:)                                    every row of a buffer, in parallel
// normalizeRow(_:into:)                                        one row, on the calling thread
internal import CKernels

/// LayerNorm or RMSNorm with its weights.
///
/// A row has `groups` parts of `width` numbers, each normalized by itself with its own weights: one part for the norms
/// of a block, one per head for the query and key norms of StableLM 2 12B.
package struct Normalization: Sendable {
    /// Which statistics a row is divided by.
    package enum Kind: Sendable {
        /// Mean and variance: arXiv:1607.06450.
        case layer
        /// Mean of squares: arXiv:1910.07467.
        case rms
    }

    package let kind: Kind
    package let epsilon: Float
    package let groups: Int
    package let width: Int
    private let weight: FloatBuffer
    private let bias: FloatBuffer?

    /// `weight` and `bias` have `groups * width` numbers, group after group. An RMSNorm has no bias.
    /// - Returns: nil when the counts do not fit.
    package init?(_ kind: Kind, epsilon: Float, weight: FloatBuffer, bias: FloatBuffer? = nil, groups: Int = 1) {
        guard groups > 0, weight.count > 0, weight.count % groups == 0 else { return nil }
        guard bias == nil || (kind == .layer && bias?.count == weight.count) else { return nil }
        self.kind = kind
        self.epsilon = epsilon
        self.groups = groups
        width = weight.count / groups
        self.weight = weight
        self.bias = bias
    }

    /// Numbers per row.
    package var count: Int { groups * width }

    /// Normalizes `rows` rows of `input` into `output`, which may be `input`.
    package func apply(to input: FloatBuffer, rows: Int, into output: FloatBuffer, pool: ThreadPool) {
        precondition(rows >= 0 && rows * count <= min(input.count, output.count), "rows beyond the buffers")
        let chunk = max(1, 8192 / count)
        pool.forEachChunk(of: rows, chunk: chunk) { _, range in
            for row in range {
                normalizeRow(input.pointer + row * count, into: output.pointer + row * count)
            }
        }
    }

    /// Normalizes the `count` numbers at `x` into `y`, which may be `x`.
    func normalizeRow(_ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>) {
        for start in stride(from: 0, to: count, by: width) {
            let weight = weight.pointer + start
            switch kind {
            case .layer:
                kite_layer_norm(x + start, weight, bias.map { $0.pointer + start }, y + start, width, epsilon)
            case .rms:
                kite_rms_norm(x + start, weight, y + start, width, epsilon)
            }
        }
    }
}
