internal import CKernels

/// One matrix that an input meets: output[c][r] = Σ_k matrix[r][k] · input[c][k] + bias[r].
package struct Projection: Sendable {
    /// The weights.
    package let matrix: Matrix
    /// One number per row of the matrix.
    package let bias: FloatBuffer?
    /// Column c of the result starts at number `offset + c * stride`.
    package let output: FloatBuffer
    /// Where the result starts in `output`.
    package let offset: Int
    /// Numbers from one column of the result to the next.
    package let stride: Int

    /// `stride` is the number of rows unless given.
    package init(
        _ matrix: Matrix, bias: FloatBuffer? = nil, output: FloatBuffer, offset: Int = 0, stride: Int? = nil
    ) {
        self.matrix = matrix
        self.bias = bias
        self.output = output
        self.offset = offset
        self.stride = stride ?? matrix.rows
    }
}

/// Products of weights and activations.
///
/// A result has the same bits whatever the other columns of the panel, the number of threads and the CPU level;
/// kite_matmul.h gives the order of the operations.
package enum MatrixProduct {
    /// Rows per piece of work. A multiple of the kernels' tiles of 64 for many columns.
    static func chunk(columns: Int) -> Int { columns > 4 ? 64 : 32 }

    /// Multiplies the panel by several matrices in one parallel region.
    package static func multiply(
        _ panel: ActivationPanel, by projections: [Projection], scratch: ProductScratch, pool: ThreadPool
    ) {
        precondition(panel.width <= scratch.width, "scratch memory for narrower matrices")
        let chunk = chunk(columns: panel.columns)
        var products: [(product: kite_product, rows: Int)] = []
        var pieces = 0
        for projection in projections {
            products.append((product(panel, projection), projection.matrix.rows))
            pieces += (projection.matrix.rows - 1) / chunk + 1
        }
        guard panel.columns > 0 else { return }
        pool.forEachChunk(of: pieces, chunk: 1) { thread, range in
            for piece in range {
                var piece = piece
                for (product, rows) in products {
                    let count = (rows - 1) / chunk + 1
                    guard piece >= count else {
                        let end = min((piece + 1) * chunk, rows)
                        withUnsafePointer(to: product) {
                            kite_product_rows($0, piece * chunk, end, scratch.pointer(thread: thread))
                        }
                        break
                    }
                    piece -= count
                }
            }
        }
        withExtendedLifetime((panel, projections, scratch)) {}
    }

    /// Multiplies the panel by the rows `rows` of one matrix, on the calling thread. Row ranges that start at
    /// multiples of 64 are fastest for panels of many columns.
    static func multiplyRows(
        _ rows: Range<Int>, _ panel: ActivationPanel, by projection: Projection,
        scratch: UnsafeMutablePointer<Float>
    ) {
        precondition(rows.lowerBound >= 0 && rows.upperBound <= projection.matrix.rows, "rows beyond the matrix")
        withUnsafePointer(to: product(panel, projection)) {
            kite_product_rows($0, rows.lowerBound, rows.upperBound, scratch)
        }
    }

    /// What the kernel needs to know. Its pointers are valid while panel and projection live.
    static func product(_ panel: ActivationPanel, _ projection: Projection) -> kite_product {
        let matrix = projection.matrix
        let format = panel.format(for: matrix.type)
        let storage = panel.storage(for: format)
        precondition(matrix.columns == panel.width, "matrix and input have different widths")
        precondition(storage != nil, "the panel was not made for this type")
        precondition(projection.bias.map { $0.count >= matrix.rows } ?? true, "bias shorter than the matrix")
        precondition(
            projection.offset >= 0 && projection.stride >= matrix.rows
                && projection.offset + max(panel.columns - 1, 0) * projection.stride + matrix.rows
                    <= projection.output.count,
            "result beyond the output")
        var product = kite_product()
        product.type = matrix.type.kernelType
        product.format = format.kernelFormat
        product.weights = matrix.data.pointer
        product.row_bytes = matrix.bytesPerRow
        product.k = matrix.columns
        product.panel = UnsafeRawPointer(storage)
        product.panel_stride = panel.width
        product.columns = panel.columns
        product.bias = projection.bias.map { UnsafePointer($0.pointer) }
        product.out = projection.output.pointer + projection.offset
        product.out_stride = projection.stride
        return product
    }
}
