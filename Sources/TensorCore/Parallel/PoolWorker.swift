#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// What a new thread of a pool is told.
final class PoolWorker: Sendable {
    /// Kernels keep at most some tens of kilobytes on the stack.
    private static let stackBytes = 1 << 20

    private let state: PoolState
    private let index: Int

    private init(state: PoolState, index: Int) {
        self.state = state
        self.index = index
    }

    /// A new thread that serves `state` as number `index`; nil when the system refuses.
    static func start(state: PoolState, index: Int) -> pthread_t? {
        // Signals (Ctrl-C) belong to the program's own threads: the worker inherits a full mask.
        var all = sigset_t()
        var previous = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &previous)
        let thread = create(Unmanaged.passRetained(PoolWorker(state: state, index: index)))
        pthread_sigmask(SIG_SETMASK, &previous, nil)
        return thread
    }

    private static func create(_ worker: Unmanaged<PoolWorker>) -> pthread_t? {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, stackBytes)
        #if canImport(Darwin)
        var thread: pthread_t?
        #else
        var thread = pthread_t()
        #endif
        let code = pthread_create(&thread, &attributes, PoolWorker.main, worker.toOpaque())
        pthread_attr_destroy(&attributes)
        if code == 0 { return thread }
        worker.release()
        return nil
    }

    #if canImport(Darwin)
    private static let main: @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? = { context in
        PoolWorker.work(context)
        return nil
    }
    #else
    private static let main: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
        if let context { PoolWorker.work(context) }
        return nil
    }
    #endif

    private static func work(_ context: UnsafeMutableRawPointer) {
        let worker = Unmanaged<PoolWorker>.fromOpaque(context).takeRetainedValue()
        worker.state.work(thread: worker.index)
    }
}
