#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// What other threads have for the engine's thread, and how many requests are on their way.
final class EngineMailbox: @unchecked Sendable {
    /// Work that the engine's thread does between two passes.
    typealias Work = @Sendable (Scheduler) -> Void

    /// What came since the last look.
    struct Delivery {
        var work: [Work] = []
        var requests: [ActiveRequest] = []
        /// Some request was cancelled, or its reader caught up.
        var isPoked = false
    }

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var delivery = Delivery()
    private var isClosed = false
    /// Answers of requests that were let in and are not finished.
    private var answers = 0
    private var refused = 0
    /// How long an answer takes from its turn on.
    private var secondsPerAnswer = 1.0
    private let maximumSequences: Int
    private let maximumAnswers: Int

    init(maximumSequences: Int, maximumWaiting: Int) {
        self.maximumSequences = maximumSequences
        let (sum, overflow) = maximumSequences.addingReportingOverflow(maximumWaiting)
        maximumAnswers = overflow ? .max : sum
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    private func withLock<Value>(_ body: () -> Value) -> Value {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }

    // MARK: For any thread

    /// Requests turned away so far.
    var refusedCount: Int { withLock { refused } }

    /// Requests that the engine's thread has not seen yet.
    var undeliveredCount: Int { withLock { delivery.requests.count } }

    /// Lets a request in.
    /// - Returns: nil, or after how many seconds it is worth trying again.
    func append(_ request: ActiveRequest) -> Int? {
        withLock {
            if !request.isPartOfLarger, answers > 0, answers + request.choices > maximumAnswers {
                refused += 1
                let seconds = secondsPerAnswer * Double(answers) / Double(max(maximumSequences, 1))
                return Int(min(max(seconds, 1), 600).rounded(.up))
            }
            answers += request.choices
            delivery.requests.append(request)
            pthread_cond_signal(condition)
            return nil
        }
    }

    func append(_ work: @escaping Work) {
        withLock {
            delivery.work.append(work)
            pthread_cond_signal(condition)
        }
    }

    /// Has the engine's thread look at its requests.
    func poke() {
        withLock {
            delivery.isPoked = true
            pthread_cond_signal(condition)
        }
    }

    /// Ends the engine's thread when nothing is left to do.
    func close() {
        withLock {
            isClosed = true
            pthread_cond_signal(condition)
        }
    }

    // MARK: For the engine's thread

    /// Answers of a request are no longer wanted or complete.
    /// - Parameter seconds: How long each took from its turn on; nil when it had none.
    func finished(answers count: Int, seconds: Double?) {
        withLock {
            answers -= count
            if let seconds { secondsPerAnswer += 0.1 * (seconds - secondsPerAnswer) }
        }
    }

    /// Takes what came.
    /// - Parameters:
    ///   - waiting: Whether to wait for something.
    ///   - seconds: How long at most; nil for as long as it takes.
    /// - Returns: nil when nothing is there and nothing will come.
    func take(waiting: Bool, atMost seconds: Double?) -> Delivery? {
        withLock {
            var limit = timespec()
            if waiting, let seconds {
                clock_gettime(CLOCK_REALTIME, &limit)
                let nanoseconds = limit.tv_nsec + Int((min(max(seconds, 0), 3600) * 1e9).rounded(.up))
                limit.tv_sec += nanoseconds / 1_000_000_000
                limit.tv_nsec = nanoseconds % 1_000_000_000
            }
            while waiting, delivery.work.isEmpty, delivery.requests.isEmpty, !delivery.isPoked {
                if isClosed { return nil }
                if seconds == nil {
                    pthread_cond_wait(condition, mutex)
                } else if pthread_cond_timedwait(condition, mutex, &limit) == ETIMEDOUT {
                    break
                }
            }
            defer { delivery = Delivery() }
            return delivery
        }
    }
}
