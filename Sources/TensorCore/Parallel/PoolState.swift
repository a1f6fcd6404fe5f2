#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif
internal import CKernels
internal import Synchronization

/// What the threads of a pool share. Held by the pool and by each worker.
///
/// A region is a generation of `region`: the caller opens it, workers that see it open enter (`active` + 1), claim
/// pieces from `shares` until none is left, and leave. The caller claims too, closes the region when nothing is left to
/// claim, and waits for `active` to reach 0. Whoever comes late finds it closed and has nothing to do with it.
final class PoolState: @unchecked Sendable {
    typealias Body = (_ thread: Int, _ piece: Int) -> Void

    /// generation << 32 | open << 31 | active workers
    private let region = Atomic<UInt64>(0)
    private let shares: PieceShares
    private let sleepers = Atomic<Int>(0)
    private let callerSleeps = Atomic<Bool>(false)
    private let stopping = Atomic<Bool>(false)
    private let spin = SpinBudget()

    // Written by the caller before it opens a region, read by workers inside it.
    private var body: UnsafePointer<Body>?

    private let turn = Lock()
    private let wake = Condition()
    private let done = Condition()

    /// More threads than cores: waiting threads must not hold a core.
    var isOversubscribed = false { didSet { if isOversubscribed { spin.minimize() } } }

    private static let open: UInt64 = 1 << 31
    private static let activeMask: UInt64 = open - 1

    init(threads: Int) { shares = PieceShares(threads: threads) }

    /// Regions opened so far.
    var regionCount: Int { Int(region.load(ordering: .relaxed) >> 32) }

    /// Runs `body` for pieces `0..<pieces`. With `callerFirst`, piece 0 runs on the calling thread.
    func perform(pieces: Int, callerFirst: Bool, _ body: Body) {
        turn.lock()
        defer { turn.unlock() }
        withoutActuallyEscaping(body) { body in
            withUnsafePointer(to: body) { pointer in
                self.body = pointer
                shares.deal(callerFirst ? 1..<pieces : 0..<pieces)
                let generation = (region.load(ordering: .relaxed) >> 32) + 1
                region.store(generation << 32 | Self.open, ordering: .sequentiallyConsistent)
                if sleepers.load(ordering: .sequentiallyConsistent) > 0 { wake.broadcast() }

                Self.enter(thread: 0)
                if callerFirst { body(0, 0) }
                shares.claim(thread: 0, body)
                Self.leave()

                let (_, closed) = region.bitwiseAnd(~Self.open, ordering: .sequentiallyConsistent)
                if closed & Self.activeMask != 0 { waitForWorkers() }
                self.body = nil
            }
        }
    }

    /// The life of worker `thread`.
    func work(thread: Int) {
        Self.enter(thread: thread)
        var seen: UInt64 = 0
        while true {
            var current = region.load(ordering: .acquiring)
            if current >> 32 == seen {
                current = waitForRegion(after: seen)
            }
            if stopping.load(ordering: .acquiring) { return }
            seen = current >> 32
            while current >> 32 == seen, current & Self.open != 0 {
                let (entered, now) = region.compareExchange(
                    expected: current, desired: current + 1, ordering: .acquiringAndReleasing)
                guard entered else {
                    current = now
                    continue
                }
                if let body { shares.claim(thread: thread, body.pointee) }
                let (_, left) = region.wrappingSubtract(1, ordering: .sequentiallyConsistent)
                if left & (Self.open | Self.activeMask) == 0, callerSleeps.load(ordering: .sequentiallyConsistent) {
                    done.broadcast()
                }
                break
            }
        }
    }

    /// Ends the workers. They must be joined before the state goes.
    func stop() {
        stopping.store(true, ordering: .releasing)
        let generation = (region.load(ordering: .relaxed) >> 32) + 1
        region.store(generation << 32, ordering: .sequentiallyConsistent)
        wake.broadcast()
    }

    private func waitForWorkers() {
        if spin.wait(until: { region.load(ordering: .acquiring) & Self.activeMask == 0 }) { return }
        callerSleeps.store(true, ordering: .sequentiallyConsistent)
        done.wait { region.load(ordering: .sequentiallyConsistent) & Self.activeMask == 0 }
        callerSleeps.store(false, ordering: .relaxed)
    }

    private func waitForRegion(after seen: UInt64) -> UInt64 {
        if !spin.wait(until: { region.load(ordering: .acquiring) >> 32 != seen }) {
            sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
            wake.wait { region.load(ordering: .sequentiallyConsistent) >> 32 != seen }
            sleepers.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        }
        return region.load(ordering: .acquiring)
    }
}

extension PoolState {
    /// Thread-local: number of the pool thread + 1 while inside a region, else 0.
    private static let slot: pthread_key_t = {
        var key = pthread_key_t()
        pthread_key_create(&key, nil)
        return key
    }()

    /// Whether the calling thread is running a piece of a region.
    static var isInsideRegion: Bool { pthread_getspecific(slot) != nil }

    /// The calling thread's number in its region; 0 outside.
    static var currentThread: Int { max(Int(bitPattern: pthread_getspecific(slot)) - 1, 0) }

    private static func enter(thread: Int) { pthread_setspecific(slot, UnsafeRawPointer(bitPattern: thread + 1)) }
    private static func leave() { pthread_setspecific(slot, nil) }
}
