#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Threads for the parallel regions of a forward pass: fork, claim pieces of work, join.
///
/// A region costs well under a microsecond while the workers are awake: they spin for some tens of microseconds after
/// a region, then sleep. A region never waits for a worker that has not begun, so a core taken away by another process
/// costs its share of the speed and no more.
///
/// One pool serves the whole process. Calls from several threads take turns; a call from inside a region runs on the
/// thread that made it.
public final class ThreadPool: @unchecked Sendable {
    /// Threads that take part in a region, the caller's included.
    public let threads: Int
    private let state: PoolState
    private var workers: [pthread_t] = []

    /// Starts `threads - 1` workers (fewer when the system refuses; at least the caller's own thread remains).
    public init(threads: Int) {
        state = PoolState(threads: threads)
        var started: [pthread_t] = []
        for index in 1..<max(threads, 1) {
            guard let worker = PoolWorker.start(state: state, index: index) else { break }
            started.append(worker)
        }
        workers = started
        self.threads = started.count + 1
        state.isOversubscribed = self.threads > ProcessorCount.usable
    }

    deinit {
        state.stop()
        for worker in workers { pthread_join(worker, nil) }
    }

    /// Parallel regions so far.
    package var regionCount: Int { state.regionCount }

    /// Calls `body` once for each of the numbers `0..<threads`, on as many threads as are free; 0 on the caller's.
    ///
    /// No two calls share a number, so it may select scratch memory. Bodies must not wait for each other: one thread
    /// may run several of them in turn.
    package func run(_ body: (_ thread: Int) -> Void) {
        let threads = threads
        guard threads > 1, !PoolState.isInsideRegion else {
            for thread in 0..<threads { body(thread) }
            return
        }
        state.perform(pieces: threads, callerFirst: true) { _, piece in body(piece) }
    }

    /// Calls `body` with consecutive ranges of `0..<count` that are `chunk` long (the last one may be shorter).
    /// Each thread takes neighbouring ranges in rising order, until one that is done helps out from another's end;
    /// `thread` is the number of the thread that runs the call.
    package func forEachChunk(of count: Int, chunk: Int, _ body: (_ thread: Int, Range<Int>) -> Void) {
        guard count > 0 else { return }
        let chunk = max(chunk, 1)
        let pieces = (count - 1) / chunk + 1
        guard threads > 1, pieces > 1, !PoolState.isInsideRegion else {
            let thread = PoolState.currentThread
            for piece in 0..<pieces {
                body(thread, piece * chunk..<min((piece + 1) * chunk, count))
            }
            return
        }
        state.perform(pieces: pieces, callerFirst: false) { thread, piece in
            body(thread, piece * chunk..<min((piece + 1) * chunk, count))
        }
    }

    /// Physical cores this process may use: its affinity mask, less hyper-threads, within its cgroup's quota.
    public static var defaultThreadCount: Int { ProcessorCount.usable }
}
