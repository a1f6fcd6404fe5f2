internal import Synchronization

/// The pieces of a region, dealt out to the threads as consecutive ranges.
///
/// A thread works through its own range from the front, so that what it reads from memory is one long stream, which
/// hardware prefetchers follow best. Who is done takes pieces from the back of the others' ranges: a thread that
/// never came, or lost its core, holds nobody up for longer than the piece it is in.
final class PieceShares: @unchecked Sendable {
    /// What is left of one thread's range: first << 32 | end. Each on a cache line (pair) of its own.
    private let ranges: UnsafeMutablePointer<Atomic<UInt64>>
    private let threads: Int

    private static let spacing = 128 / MemoryLayout<Atomic<UInt64>>.stride

    init(threads: Int) {
        self.threads = max(threads, 1)
        ranges = .allocate(capacity: self.threads * Self.spacing)
        for index in 0..<self.threads * Self.spacing { (ranges + index).initialize(to: Atomic(0)) }
    }

    deinit {
        ranges.deinitialize(count: threads * Self.spacing)
        ranges.deallocate()
    }

    /// Deals out `pieces`. Not while anybody claims.
    func deal(_ pieces: Range<Int>) {
        precondition(pieces.upperBound <= Int(UInt32.max), "more pieces than can be counted")
        var first = pieces.lowerBound
        for thread in 0..<threads {
            let end = pieces.lowerBound + pieces.count * (thread + 1) / threads
            (ranges + thread * Self.spacing).pointee.store(UInt64(first) << 32 | UInt64(end), ordering: .relaxed)
            first = end
        }
    }

    /// Calls `body` with pieces until none is left.
    @inline(__always)
    func claim(thread: Int, _ body: PoolState.Body) {
        while let piece = takeFirst(of: thread) { body(thread, piece) }
        for other in thread + 1..<thread + threads {
            let victim = other < threads ? other : other - threads
            while let piece = takeLast(of: victim) { body(thread, piece) }
        }
    }

    @inline(__always)
    private func takeFirst(of thread: Int) -> Int? {
        let share = ranges + thread * Self.spacing
        var current = share.pointee.load(ordering: .relaxed)
        while true {
            let first = current >> 32
            guard first < current & 0xffff_ffff else { return nil }
            let (taken, now) = share.pointee.compareExchange(
                expected: current, desired: current + (1 << 32), ordering: .relaxed)
            if taken { return Int(first) }
            current = now
        }
    }

    @inline(__always)
    private func takeLast(of thread: Int) -> Int? {
        let share = ranges + thread * Self.spacing
        var current = share.pointee.load(ordering: .relaxed)
        while true {
            let end = current & 0xffff_ffff
            guard current >> 32 < end else { return nil }
            let (taken, now) = share.pointee.compareExchange(
                expected: current, desired: current - 1, ordering: .relaxed)
            if taken { return Int(end) - 1 }
            current = now
        }
    }
}
