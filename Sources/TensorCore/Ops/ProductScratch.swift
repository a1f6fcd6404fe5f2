internal import CKernels

/// Memory that the threads of a pool unpack weights into, for matrices up to a given width.
package final class ProductScratch: Sendable {
    /// Widest input whose products it serves.
    package let width: Int
    private let buffer: FloatBuffer
    private let floatsPerThread: Int

    /// - Throws: ``AllocationError`` when there is no memory for it.
    package init(width: Int, threads: Int) throws(AllocationError) {
        let formats: [ActivationFormat] = ActivationFormat.allCases
        let bytes = formats.map { kite_product_scratch($0.kernelFormat, max(width, 0)) }.max() ?? 0
        let (total, overflow) = (bytes / MemoryLayout<Float>.stride).multipliedReportingOverflow(by: max(threads, 1))
        guard !overflow else { throw AllocationError(purpose: "unpacked weights", bytes: .max) }
        self.width = width
        floatsPerThread = bytes / MemoryLayout<Float>.stride
        buffer = try FloatBuffer(count: total)
    }

    /// The part of one thread.
    func pointer(thread: Int) -> UnsafeMutablePointer<Float> {
        precondition(thread >= 0 && (thread + 1) * floatsPerThread <= buffer.count, "more threads than planned for")
        return buffer.pointer + thread * floatsPerThread
    }
}
