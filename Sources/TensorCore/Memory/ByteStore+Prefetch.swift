#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

extension ByteStore {
    /// Bytes that are asked for at once, and how far the disk is asked ahead of the page tables.
    private static let step = 16 << 20
    private static let readAhead = 64 << 20
    /// Smaller files are there before a thread is.
    private static let leastBytes = 8 << 20

    /// Starts to bring a mapped file into memory, from its beginning to its end, on a thread in the background. What is
    /// needed before its turn is fetched when it is touched, as without this.
    ///
    /// The disk reads large pieces in order, and threads that compute later find the pages in place. Ends early when the
    /// store goes away. Does nothing to bytes that are no mapped file, nor to a file that would fill the machine's memory.
    package func prefetch() {
        guard isFile, count >= Self.leastBytes, count < Self.physicalMemory / 4 * 3 else { return }
        DetachedThread.start { [weak self] in
            var asked = 0
            var start = 0
            while let store = self, start < store.count {
                while asked < min(start + Self.readAhead, store.count) {
                    store.advise(asked..<min(asked + Self.step, store.count), POSIX_MADV_WILLNEED)
                    asked += Self.step
                }
                store.populate(start..<min(start + Self.step, store.count))
                start += Self.step
            }
        }
    }

    private func advise(_ range: Range<Int>, _ advice: Int32) {
        guard let base else { return }
        posix_madvise(UnsafeMutableRawPointer(mutating: base + range.lowerBound), range.count, advice)
    }

    /// Enters pages into the page table, reading them where they are not in memory yet. A kernel that cannot (Linux
    /// before 5.14) says so, and the pages are entered when they are touched.
    private func populate(_ range: Range<Int>) {
        #if os(Linux)
        guard let base else { return }
        let populateForReading: Int32 = 22  // MADV_POPULATE_READ, which older C libraries do not name
        madvise(UnsafeMutableRawPointer(mutating: base + range.lowerBound), range.count, populateForReading)
        #endif
    }

    private static var physicalMemory: Int {
        let (bytes, overflow) = Int(sysconf(Int32(_SC_PHYS_PAGES))).multipliedReportingOverflow(
            by: Int(sysconf(Int32(_SC_PAGESIZE))))
        return overflow ? .max : max(bytes, 0)
    }
}
