#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Keys and values of 64 consecutive tokens in every layer, laid out as ``KVLayout`` says.
///
/// Sequences share pages by reference; a page that more than one holds is not written.
package final class KVPage: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer
    private let mappedBytes: Int
    private let bytes: Int
    private let pool: KVPagePool?

    /// Memory straight from the system: zeroed, and really taken only as layers write to it.
    /// - Throws: ``AllocationError`` when there is none, or `pool` allows no more pages.
    init(_ layout: KVLayout, pool: KVPagePool?) throws(AllocationError) {
        // Kernels may read one vector past the last value.
        bytes = layout.pageBytes
        mappedBytes = bytes + 64
        self.pool = pool
        if let pool, !pool.take() {
            throw AllocationError(purpose: "a page beyond the key/value cache's limit of \(pool.limit)", bytes: bytes)
        }
        let memory = mmap(nil, mappedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0)
        guard let memory, memory != MAP_FAILED else {
            pool?.giveBack()
            throw AllocationError(purpose: "key/value cache page", bytes: mappedBytes)
        }
        #if os(Linux)
        // A page read from end to end for every token: fewer, larger entries in the address translation cache.
        if mappedBytes >= 8 << 20 { madvise(memory, mappedBytes, Int32(MADV_HUGEPAGE)) }
        #endif
        pointer = memory
    }

    /// A page with the same contents.
    convenience init(copying page: KVPage, _ layout: KVLayout, pool: KVPagePool?) throws(AllocationError) {
        try self.init(layout, pool: pool)
        memcpy(pointer, page.pointer, min(bytes, page.bytes))
    }

    deinit {
        munmap(pointer, mappedBytes)
        pool?.giveBack()
    }
}
