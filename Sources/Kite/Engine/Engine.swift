#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import Synchronization

/// Work that the engine's thread does step by step.
protocol EngineJob: AnyObject, Sendable {
    /// Does one step: a chunk of a prompt, a token. Only ever called on the engine's thread.
    func advance() -> EngineProgress
}

/// What a step came to.
enum EngineProgress {
    /// There is more to do.
    case more
    /// Nothing to do until the job is submitted again.
    case blocked
    /// Done.
    case finished
}

/// The one thread that computes for a model. Jobs take turns, step by step, in the order they came.
///
/// Swift's own threads carry requests and never compute: a step of a large model takes long enough to starve them.
final class Engine: Sendable {
    /// The queue, shared with the thread so that the thread does not keep the engine alive.
    private final class Queue: @unchecked Sendable {
        private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
        private var jobs: [any EngineJob] = []
        private var isClosed = false

        init() {
            pthread_mutex_init(mutex, nil)
            pthread_cond_init(condition, nil)
        }

        deinit {
            pthread_cond_destroy(condition)
            pthread_mutex_destroy(mutex)
            condition.deallocate()
            mutex.deallocate()
        }

        func append(_ job: any EngineJob) {
            pthread_mutex_lock(mutex)
            jobs.append(job)
            pthread_cond_signal(condition)
            pthread_mutex_unlock(mutex)
        }

        func close() {
            pthread_mutex_lock(mutex)
            isClosed = true
            pthread_cond_signal(condition)
            pthread_mutex_unlock(mutex)
        }

        /// Waits for a job; nil when the engine is gone.
        func next() -> (any EngineJob)? {
            pthread_mutex_lock(mutex)
            defer { pthread_mutex_unlock(mutex) }
            while jobs.isEmpty {
                if isClosed { return nil }
                pthread_cond_wait(condition, mutex)
            }
            return jobs.removeFirst()
        }

        func run() {
            while let job = next() {
                if case .more = job.advance() { append(job) }
            }
        }
    }

    private let queue = Queue()

    /// Starts the thread.
    /// - Throws: ``GenerationError/outOfMemory(_:)`` when the system has no thread to give.
    init() throws {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, 4 << 20)
        let context = Unmanaged.passRetained(queue).toOpaque()
        #if canImport(Darwin)
        var thread: pthread_t?
        #else
        var thread = pthread_t()
        #endif
        let code = pthread_create(&thread, &attributes, engineThread, context)
        guard code == 0 else {
            Unmanaged<Queue>.fromOpaque(context).release()
            throw GenerationError.outOfMemory("no thread for the engine (\(String(cString: strerror(code))))")
        }
    }

    deinit { queue.close() }

    /// Queues `job`, which then takes its turns until it is finished or blocked.
    func submit(_ job: any EngineJob) { queue.append(job) }

    /// Runs `work` on the engine's thread and waits for it without holding a thread.
    func perform<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            submit(ClosureJob { continuation.resume(with: Result(catching: work)) })
        }
    }

    fileprivate static func runQueue(_ context: UnsafeMutableRawPointer) {
        Unmanaged<Queue>.fromOpaque(context).takeRetainedValue().run()
    }
}

/// A job of a single step.
private final class ClosureJob: EngineJob {
    private let work: @Sendable () -> Void
    init(_ work: @escaping @Sendable () -> Void) { self.work = work }
    func advance() -> EngineProgress {
        work()
        return .finished
    }
}

#if canImport(Darwin)
private func engineThread(_ context: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    Engine.runQueue(context)
    return nil
}
#else
private func engineThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let context { Engine.runQueue(context) }
    return nil
}
#endif
