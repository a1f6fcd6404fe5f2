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
/// pieces from `next` until none is left, and leave. The caller claims too, closes the region when nothing is left to
/// claim, and waits for `active` to reach 0. Whoever comes late finds it closed and has nothing to do with it.
final class PoolState: @unchecked Sendable {
    typealias Body = (_ thread: Int, _ piece: Int) -> Void

    /// generation << 32 | open << 31 | active workers
    private let region = Atomic<UInt64>(0)
    private let next = Atomic<Int>(0)
    private let sleepers = Atomic<Int>(0)
    private let callerSleeps = Atomic<Bool>(false)
    private let stopping = Atomic<Bool>(false)
    private let spin = SpinBudget()

    // Written by the caller before it opens a region, read by workers inside it.
    private var body: UnsafePointer<Body>?
    private var pieces = 0

    private let turn = Lock()
    private let wake = Condition()
    private let done = Condition()

    /// More threads than cores: waiting threads must not hold a core.
    var isOversubscribed = false { didSet { if isOversubscribed { spin.minimize() } } }

    private static let open: UInt64 = 1 << 31
    private static let activeMask: UInt64 = open - 1

    /// Runs `body` for pieces `0..<pieces`. With `callerFirst`, piece 0 runs on the calling thread.
    func perform(pieces: Int, callerFirst: Bool, _ body: Body) {
        turn.lock()
        defer { turn.unlock() }
        withoutActuallyEscaping(body) { body in
            withUnsafePointer(to: body) { pointer in
                self.body = pointer
                self.pieces = pieces
                next.store(callerFirst ? 1 : 0, ordering: .relaxed)
                let generation = (region.load(ordering: .relaxed) >> 32) + 1
                region.store(generation << 32 | Self.open, ordering: .sequentiallyConsistent)
                if sleepers.load(ordering: .sequentiallyConsistent) > 0 { wake.broadcast() }

                Self.enter(thread: 0)
                if callerFirst { body(0, 0) }
                claim(thread: 0, body, pieces)
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
                if let body { claim(thread: thread, body.pointee, pieces) }
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

    @inline(__always)
    private func claim(thread: Int, _ body: Body, _ pieces: Int) {
        while true {
            let piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard piece < pieces else { return }
            body(thread, piece)
        }
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
