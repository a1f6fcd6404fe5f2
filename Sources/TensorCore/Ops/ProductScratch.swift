internal import CKernels

/// Memory that the threads of a pool unpack weights into, for matrices up to a given width, and where they keep rows
/// that are not results yet.
package final class ProductScratch: Sendable {
    /// Widest input whose products it serves.
    package let width: Int
    private let buffer: FloatBuffer
    private let tiles: FloatBuffer
    private let floatsPerThread: Int
    private let floatsPerTile: Int

    /// Two tiles per thread: gate and up.
    private static let tilesPerThread = 2

    /// - Parameters:
    ///   - width: Widest input.
    ///   - columns: Most columns of a product whose rows are added or gated.
    ///   - threads: Threads of the pool.
    /// - Throws: ``AllocationError`` when there is no memory for it.
    package init(width: Int, columns: Int, threads: Int) throws(AllocationError) {
        let formats: [ActivationFormat] = ActivationFormat.allCases
        let bytes = formats.map { kite_product_scratch($0.kernelFormat, max(width, 0)) }.max() ?? 0
        let threads = max(threads, 1)
        floatsPerThread = bytes / MemoryLayout<Float>.stride
        let (perTile, tileOverflow) = MatrixProduct.mostRows.multipliedReportingOverflow(by: max(columns, 1))
        floatsPerTile = perTile
        let (total, overflow) = floatsPerThread.multipliedReportingOverflow(by: threads)
        let (tileTotal, totalOverflow) = perTile.multipliedReportingOverflow(by: Self.tilesPerThread * threads)
        guard !overflow, !tileOverflow, !totalOverflow else {
            throw AllocationError(purpose: "unpacked weights", bytes: .max)
        }
        self.width = width
        buffer = try FloatBuffer(count: total)
        tiles = try FloatBuffer(count: tileTotal)
    }

    /// The part of one thread.
    func pointer(thread: Int) -> UnsafeMutablePointer<Float> {
        precondition(thread >= 0 && (thread + 1) * floatsPerThread <= buffer.count, "more threads than planned for")
        return buffer.pointer + thread * floatsPerThread
    }

    /// Tile `index` (0 or 1) of one thread: `[column][MatrixProduct.mostRows]`.
    func tile(thread: Int, _ index: Int) -> UnsafeMutablePointer<Float> {
        let number = thread * Self.tilesPerThread + index
        precondition(thread >= 0 && (number + 1) * floatsPerTile <= tiles.count, "more threads than planned for")
        return tiles.pointer + number * floatsPerTile
    }

    /// Most columns of a product whose rows are added or gated.
    var columns: Int { floatsPerTile / MatrixProduct.mostRows }
}
