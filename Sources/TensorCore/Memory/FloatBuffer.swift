#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A fixed run of `Float`s for activations: 64-byte aligned, zeroed at birth, reused from token to token.
///
/// Sharing between threads is the user's business: the operations that take buffers say who writes which part.
package final class FloatBuffer: @unchecked Sendable {
    /// Number of floats.
    package let count: Int
    /// The floats, for kernels only. Valid while the buffer lives.
    let pointer: UnsafeMutablePointer<Float>

    /// - Throws: ``AllocationError`` when there is no memory for `count` floats.
    package init(count: Int) throws(AllocationError) {
        let (bytes, overflow) = max(count, 1).multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
        guard count >= 0, !overflow else { throw AllocationError(purpose: "buffer", bytes: .max) }
        var memory: UnsafeMutableRawPointer?
        guard posix_memalign(&memory, 64, bytes) == 0, let memory else {
            throw AllocationError(purpose: "buffer", bytes: bytes)
        }
        memset(memory, 0, bytes)
        self.count = count
        pointer = memory.bindMemory(to: Float.self, capacity: max(count, 1))
    }

    deinit { free(pointer) }

    /// Calls `body` with the floats.
    package func withSpan<Result, Failure: Error>(
        _ body: (Span<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(Span(_unsafeStart: pointer, count: count))
    }

    /// Calls `body` with the floats, to change them.
    package func withMutableSpan<Result, Failure: Error>(
        _ body: (inout MutableSpan<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var span = MutableSpan(_unsafeStart: pointer, count: count)
        return try body(&span)
    }
}
