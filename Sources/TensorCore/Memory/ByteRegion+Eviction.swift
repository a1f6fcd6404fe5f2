#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

extension ByteRegion {
    /// Takes the pages of a mapped file out of this process's memory. They come back from the file when they are read
    /// again, so this is for bytes that were needed once. Does nothing to other bytes.
    package func dropPages() {
        guard store.isFile, let base = store.base, !range.isEmpty else { return }
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        guard page > 0 else { return }
        let start = range.lowerBound / page * page
        let address = UnsafeMutableRawPointer(mutating: base + start)
        madvise(address, range.upperBound - start, MADV_DONTNEED)
    }
}
