internal import CKernels
#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Cosines and sines for the tokens of one forward pass; computed once, used by every layer.
package final class RotaryAngles: @unchecked Sendable {
    /// Most tokens of a pass.
    package let capacity: Int
    private let table: RotaryTable
    private let pairs: Int
    private let cosines: FloatBuffer
    private let sines: FloatBuffer

    /// - Throws: ``AllocationError``.
    package init(capacity: Int, table: RotaryTable) throws(AllocationError) {
        self.capacity = max(capacity, 1)
        self.table = table
        pairs = table.dimensions / 2
        let (count, overflow) = self.capacity.multipliedReportingOverflow(by: pairs)
        guard !overflow else { throw AllocationError(purpose: "rotary table", bytes: .max) }
        cosines = try FloatBuffer(count: count)
        sines = try FloatBuffer(count: count)
    }

    /// Row `row` of the next ``rotate(_:rows:heads:headSize:pool:)`` is the token at `position`.
    package func set(row: Int, position: Int) {
        precondition(row >= 0 && row < capacity, "row beyond the capacity")
        for pair in 0..<pairs {
            // transformers: positions times frequencies in single precision.
            let angle = Float(position) * table.frequencies[pair]
            cosines.pointer[row * pairs + pair] = cosf(angle) * table.attentionFactor
            sines.pointer[row * pairs + pair] = sinf(angle) * table.attentionFactor
        }
    }

    /// Rows 0, 1, ... are the tokens at consecutive `positions`.
    package func set(positions: Range<Int>) {
        for (row, position) in positions.enumerated() { set(row: row, position: position) }
    }

    /// Rotates `heads` heads of `headSize` numbers in each of the first `rows` rows of `x`, in place.
    /// `stride` is the distance between rows; nil when they are adjacent.
    package func rotate(
        _ x: FloatBuffer, rows: Int, heads: Int, headSize: Int, stride: Int? = nil, pool: ThreadPool
    ) {
        let stride = stride ?? heads * headSize
        precondition(table.dimensions <= headSize && rows <= capacity, "more dimensions or rows than there are")
        precondition(rows <= 0 || (rows - 1) * stride + heads * headSize <= x.count, "rows beyond the buffer")
        pool.forEachChunk(of: rows, chunk: max(1, 8192 / max(stride, 1))) { _, range in
            for row in range { rotateRow(x.pointer + row * stride, row: row, heads: heads, headSize: headSize) }
        }
    }

    /// Rotates the heads of one row on the calling thread.
    func rotateRow(_ x: UnsafeMutablePointer<Float>, row: Int, heads: Int, headSize: Int) {
        let cosines = cosines.pointer + row * pairs
        let sines = sines.pointer + row * pairs
        for head in 0..<heads {
            switch table.pairing {
            case .halves: kite_rotate_halves(x + head * headSize, cosines, sines, pairs)
            case .adjacent: kite_rotate_adjacent(x + head * headSize, cosines, sines, pairs)
            }
        }
    }
}
