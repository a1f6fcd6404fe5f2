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
    /// Bytes mapped; 0 when the memory is the allocator's.
    private let mappedBytes: Int
    private static let leastMapped = 1 << 20

    /// - Throws: ``AllocationError`` when there is no memory for `count` floats.
    package init(count: Int) throws(AllocationError) {
        let (bytes, overflow) = max(count, 1).multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
        guard count >= 0, !overflow else { throw AllocationError(purpose: "buffer", bytes: .max) }
        mappedBytes = bytes >= Self.leastMapped ? bytes : 0
        let memory = mappedBytes > 0 ? Self.mapped(mappedBytes) : Self.allocated(bytes)
        guard let memory else { throw AllocationError(purpose: "buffer", bytes: bytes) }
        self.count = count
        pointer = memory.bindMemory(to: Float.self, capacity: max(count, 1))
    }

    deinit {
        if mappedBytes > 0 { munmap(pointer, mappedBytes) } else { free(pointer) }
    }

    /// Memory straight from the system: zeroed, and really taken only as it is written. Buffers are made for the longest
    /// prompt; a short one should not wait for all their pages.
    private static func mapped(_ bytes: Int) -> UnsafeMutableRawPointer? {
        let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0)
        return memory == MAP_FAILED ? nil : memory
    }

    private static func allocated(_ bytes: Int) -> UnsafeMutableRawPointer? {
        var memory: UnsafeMutableRawPointer?
        guard posix_memalign(&memory, 64, bytes) == 0, let memory else { return nil }
        memset(memory, 0, bytes)
        return memory
    }

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
