#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
import Synchronization

/// The one thread that computes for a model: it runs the ``Scheduler``'s passes, and between them what else there is.
///
/// Swift's own threads carry requests and never compute: a pass over a large model takes long enough to starve them.
final class Engine: Sendable {
    /// What the thread holds on to; not the engine, whose end is the thread's.
    private final class Loop: @unchecked Sendable {
        let mailbox: EngineMailbox
        let scheduler: Scheduler

        init(_ mailbox: EngineMailbox, _ scheduler: Scheduler) {
            self.mailbox = mailbox
            self.scheduler = scheduler
        }

        func run() {
            var isBusy = false
            while let delivery = mailbox.take(waiting: !isBusy, atMost: scheduler.secondsToDeadline) {
                for work in delivery.work { work(scheduler) }
                scheduler.enqueue(delivery.requests)
                // One that was cancelled on its way here has poked nobody.
                let isPoked = delivery.isPoked || delivery.requests.contains(where: \.isCancelled)
                isBusy = scheduler.advance(isPoked: isPoked)
            }
        }
    }

    private let mailbox: EngineMailbox
    private let gauge: EngineGauge

    /// Starts the thread.
    /// - Parameter makeScheduler: Makes the scheduler, which is then the thread's alone.
    /// - Throws: ``GenerationError/outOfMemory(_:)`` when the system has no thread to give.
    init(
        maximumSequences: Int, maximumWaiting: Int, makeScheduler: (EngineMailbox) -> Scheduler
    ) throws {
        mailbox = EngineMailbox(maximumSequences: maximumSequences, maximumWaiting: maximumWaiting)
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, 4 << 20)
        let scheduler = makeScheduler(mailbox)
        gauge = scheduler.gauge
        let context = Unmanaged.passRetained(Loop(mailbox, scheduler)).toOpaque()
        #if canImport(Darwin)
        var thread: pthread_t?
        #else
        var thread = pthread_t()
        #endif
        let code = pthread_create(&thread, &attributes, engineThread, context)
        guard code == 0 else {
            Unmanaged<Loop>.fromOpaque(context).release()
            throw GenerationError.outOfMemory("no thread for the engine (\(String(cString: strerror(code))))")
        }
    }

    deinit { mailbox.close() }

    /// What the engine is doing and has done.
    var statistics: EngineStatistics {
        var statistics = gauge.value
        statistics.refusedRequests = mailbox.refusedCount
        statistics.waiting += mailbox.undeliveredCount
        return statistics
    }

    /// Queues `request`, or turns it away when too many are waiting.
    func submit(_ request: ActiveRequest) {
        request.channel.setWake { [mailbox] in mailbox.poke() }
        if let seconds = mailbox.append(request) { request.fail(GenerationError.queueFull(retryAfterSeconds: seconds)) }
    }

    /// Runs `work` on the engine's thread, between two passes, and waits for it without holding a thread.
    func perform<Value: Sendable>(_ work: @escaping @Sendable (Scheduler) throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            mailbox.append { scheduler in continuation.resume(with: Result { try work(scheduler) }) }
        }
    }

    fileprivate static func run(_ context: UnsafeMutableRawPointer) {
        Unmanaged<Loop>.fromOpaque(context).takeRetainedValue().run()
    }
}

/// The engine's statistics, for any thread.
final class EngineGauge: Sendable {
    private let statistics = Mutex(EngineStatistics())

    var value: EngineStatistics { statistics.withLock { $0 } }
    func publish(_ value: EngineStatistics) { statistics.withLock { $0 = value } }
}

#if canImport(Darwin)
private func engineThread(_ context: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    Engine.run(context)
    return nil
}
#else
private func engineThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let context { Engine.run(context) }
    return nil
}
#endif
