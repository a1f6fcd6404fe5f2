import Synchronization

/// Carries the events of one request from the engine's thread to the task that reads them.
///
/// Bounded: when the reader is behind, ``isFull`` says so and the engine leaves the request alone until there is room
/// again.
final class EventChannel: Sendable {
    private struct State: Sendable {
        var events: [GenerationEvent] = []
        var first = 0
        var isEnded = false
        var failure: (any Error)?
        var response: Response?
        /// Those who wait for the next event, in order; one, unless a stream is read from several tasks.
        var readers: [CheckedContinuation<GenerationEvent?, any Error>] = []
        var isCancelled = false
        var isFull = false
        var wake: (@Sendable () -> Void)?
    }

    private let capacity: Int
    private let state = Mutex(State())

    /// - Parameter capacity: Events that may wait for the reader.
    init(capacity: Int = 64) { self.capacity = capacity }

    /// `action` is called when a full channel has room again, and when the reader goes.
    func setWake(_ action: @escaping @Sendable () -> Void) {
        state.withLock { if !$0.isEnded { $0.wake = action } }
    }

    /// Whether the reader has gone.
    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// Whether the reader is behind.
    var isFull: Bool { state.withLock { $0.isFull } }

    /// The first choice's whole answer, once there is one.
    var response: Response? { state.withLock { $0.response } }

    /// Passes on an event. One that comes while the channel is full is kept too.
    func push(_ event: GenerationEvent) {
        let reader = state.withLock { state -> CheckedContinuation<GenerationEvent?, any Error>? in
            if case .finished(0, let response) = event { state.response = response }
            if !state.readers.isEmpty { return state.readers.removeFirst() }
            guard !state.isCancelled else { return nil }
            state.events.append(event)
            state.isFull = state.events.count - state.first >= capacity
            return nil
        }
        reader?.resume(returning: event)
    }

    /// Ends the stream.
    func finish(throwing error: (any Error)? = nil) {
        let readers = state.withLock { state -> [CheckedContinuation<GenerationEvent?, any Error>] in
            guard !state.isEnded else { return [] }
            state.isEnded = true
            state.failure = error
            state.wake = nil
            defer { state.readers = [] }
            return state.readers
        }
        for reader in readers {
            if let error { reader.resume(throwing: error) } else { reader.resume(returning: nil) }
        }
    }

    /// Tells the engine that nobody reads any more.
    func cancel() {
        let wake = state.withLock { state -> (@Sendable () -> Void)? in
            guard !state.isCancelled else { return nil }
            state.isCancelled = true
            state.isFull = false
            return state.wake
        }
        wake?()
    }

    /// The next event; nil at the end. Waits without holding a thread.
    func next() async throws -> GenerationEvent? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                enum Outcome {
                    case wait
                    case event(GenerationEvent, wake: (@Sendable () -> Void)?)
                    case end((any Error)?)
                }
                let outcome = state.withLock { state -> Outcome in
                    if state.first < state.events.count {
                        let event = state.events[state.first]
                        state.first += 1
                        if state.first == state.events.count {
                            state.events.removeAll(keepingCapacity: true)
                            state.first = 0
                        } else if state.first >= capacity {
                            state.events.removeFirst(state.first)
                            state.first = 0
                        }
                        let isDrained = state.isFull && state.events.count - state.first <= capacity / 2
                        if isDrained { state.isFull = false }
                        return .event(event, wake: isDrained ? state.wake : nil)
                    }
                    if state.isEnded { return .end(state.failure) }
                    state.readers.append(continuation)
                    return .wait
                }
                switch outcome {
                case .wait: break
                case .event(let event, let wake):
                    continuation.resume(returning: event)
                    wake?()
                case .end(let error?): continuation.resume(throwing: error)
                case .end(nil): continuation.resume(returning: nil)
                }
            }
        } onCancel: {
            cancel()
        }
    }
}
