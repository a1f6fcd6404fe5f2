#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A mutex with an address of its own.
final class Lock: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

    init() {
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    func lock() { pthread_mutex_lock(mutex) }
    func unlock() { pthread_mutex_unlock(mutex) }

    fileprivate func wait(on condition: UnsafeMutablePointer<pthread_cond_t>) { pthread_cond_wait(condition, mutex) }
}

/// Threads sleep here until a predicate over atomics holds; who makes it hold calls `broadcast`.
package final class Condition: @unchecked Sendable {
    private let lock = Lock()
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    package init() {
        condition.initialize(to: pthread_cond_t())
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        condition.deallocate()
    }

    /// Sleeps until `predicate` holds. The predicate is checked with the lock held, so no broadcast is missed.
    package func wait(until predicate: () -> Bool) {
        lock.lock()
        while !predicate() { lock.wait(on: condition) }
        lock.unlock()
    }

    /// Wakes all sleepers to check their predicate.
    package func broadcast() {
        lock.lock()
        pthread_cond_broadcast(condition)
        lock.unlock()
    }
}
