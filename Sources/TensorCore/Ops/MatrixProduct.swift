internal import CKernels

/// Products of weights and activations.
///
/// A result has the same bits whatever the other columns of the panel, the number of threads and the CPU level;
/// kite_matmul.h gives the order of the operations.
package enum MatrixProduct {
    /// Rows of a matrix that a piece of work computes, at most.
    static let mostRows = 64

    /// Rows per piece of work: the kernels' tile for many columns.
    private static func rowsPerPiece(columns: Int) -> Int { columns > 4 ? mostRows : 32 }

    /// Multiplies the panel by several matrices in one parallel region.
    package static func multiply(
        _ panel: ActivationPanel, by projections: [Projection], gated: GatedProjection? = nil,
        scratch: ProductScratch, pool: ThreadPool
    ) {
        precondition(panel.width <= scratch.width, "scratch memory for narrower matrices")
        guard panel.columns > 0 else { return }
        let rowsPerPiece = rowsPerPiece(columns: panel.columns)
        gated?.panel.begin(columns: panel.columns)
        var additions = LowRankJobs()
        var jobs = projections.map { Job(panel, $0, &additions) }
        if let gated { jobs.append(Job(panel, gated, &additions)) }
        let counts = jobs.map { ($0.rows - 1) / rowsPerPiece + 1 }
        precondition(
            panel.columns <= scratch.columns || !jobs.contains(where: \.needsTile), "scratch memory for fewer columns")
        additions.withAll { additions in
            jobs.withUnsafeBufferPointer { jobs in
                pool.forEachChunk(of: counts.reduce(0, +), chunk: 1) { thread, range in
                    for piece in range {
                        var piece = piece
                        var index = 0
                        while piece >= counts[index] {
                            piece -= counts[index]
                            index += 1
                        }
                        let first = piece * rowsPerPiece
                        let rows = first..<min(first + rowsPerPiece, jobs[index].rows)
                        jobs[index].run(rows, thread: thread, scratch: scratch, additions: additions)
                    }
                }
            }
        }
        withExtendedLifetime((panel, projections, gated)) {}
    }

    /// What the kernel needs to know. Its pointers are valid while panel and projection live.
    static func product(_ panel: ActivationPanel, _ projection: Projection) -> kite_product {
        precondition(
            projection.offset >= 0 && projection.stride >= projection.matrix.rows
                && projection.offset + max(panel.columns - 1, 0) * projection.stride + projection.matrix.rows
                    <= projection.output.count,
            "result beyond the output")
        var product = product(panel, projection.matrix, bias: projection.bias)
        product.out = projection.output.pointer + projection.offset
        product.out_stride = projection.stride
        return product
    }

    /// A product without a place for its result yet.
    static func product(_ panel: ActivationPanel, _ matrix: Matrix, bias: FloatBuffer?) -> kite_product {
        let format = panel.format(for: matrix.type)
        let storage = panel.storage(for: format)
        precondition(matrix.columns == panel.width, "matrix and input have different widths")
        precondition(storage != nil, "the panel was not made for this type")
        precondition(bias.map { $0.count >= matrix.rows } ?? true, "bias shorter than the matrix")
        var product = kite_product()
        product.type = matrix.type.kernelType
        product.format = format.kernelFormat
        product.weights = matrix.data.pointer
        product.row_bytes = matrix.bytesPerRow
        product.k = matrix.columns
        product.panel = UnsafeRawPointer(storage)
        product.panel_stride = panel.width
        product.columns = panel.columns
        product.panel_version = panel.version
        product.bias = bias.map { UnsafePointer($0.pointer) }
        return product
    }
}
