#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

extension ByteRegion {
    /// Takes the pages of a mapped file out of this process's memory. They come back from the file when they are read
    /// again, so this is for bytes that were needed once. Does nothing to other bytes.
    ///
    /// Takes what lies around along: a page that is touched brings its neighbours with it, those too that were dropped
    /// before. Piece after piece of a file, a quarter of it would stay.
    package func dropPages() {
        guard store.isFile, let base = store.base, !range.isEmpty else { return }
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        guard page > 0 else { return }
        let around = max(page, Self.faultAround)
        let start = range.lowerBound / around * around
        let end = min((range.upperBound + around - 1) / around * around, store.count)
        madvise(UnsafeMutableRawPointer(mutating: base + start), end - start, MADV_DONTNEED)
    }

    /// Bytes that Linux enters into the page table at once around one that is touched (`fault_around_bytes`).
    private static var faultAround: Int { 64 << 10 }
}
