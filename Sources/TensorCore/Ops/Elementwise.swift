// FloatOps.gate(_:_:into:count:pool:)       silu(gate) * up
// FloatOps.addResidual(_:to:count:pool:)    x += y
// FloatOps.exp(_:count:)                    for tests and samplers
internal import CKernels

/// Operations on activations. Results are the same bits on every CPU level and for every number of threads.
package enum FloatOps {
    /// Numbers per piece of parallel work: some microseconds.
    static let grain = 8192

    /// output = silu(gate) * up for the first `count` numbers (SwiGLU, arXiv:2002.05202). `output` may be an operand.
    package static func gate(
        _ gate: FloatBuffer, _ up: FloatBuffer, into output: FloatBuffer, count: Int, pool: ThreadPool
    ) {
        precondition(count >= 0 && count <= min(gate.count, up.count, output.count), "count beyond the buffers")
        pool.forEachChunk(of: count, chunk: grain) { _, range in
            let start = range.lowerBound
            FloatOps.gate(gate.pointer + start, up.pointer + start, into: output.pointer + start, count: range.count)
        }
    }

    /// sum += y for the first `count` numbers.
    package static func addResidual(_ y: FloatBuffer, to sum: FloatBuffer, count: Int, pool: ThreadPool) {
        precondition(count >= 0 && count <= min(y.count, sum.count), "count beyond the buffers")
        pool.forEachChunk(of: count, chunk: 4 * grain) { _, range in
            let start = range.lowerBound
            addResidual(y.pointer + start, to: sum.pointer + start, count: range.count)
        }
    }

    @inline(__always)
    static func gate(
        _ gate: UnsafePointer<Float>, _ up: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>, count: Int
    ) {
        kite_swiglu(gate, up, output, count)
    }

    @inline(__always)
    static func addResidual(_ y: UnsafePointer<Float>, to sum: UnsafeMutablePointer<Float>, count: Int) {
        kite_add(sum, y, count)
    }

    /// Replaces the first `count` numbers by their exponentials, within 1 ulp.
    package static func exp(_ buffer: FloatBuffer, count: Int) {
        precondition(count >= 0 && count <= buffer.count, "count beyond the buffer")
        kite_exp(buffer.pointer, buffer.pointer, count)
    }
}
