#if Server
internal import ModelService
internal import Synchronization

/// Whether a server takes requests, and how many it is answering.
final class ServerPhase: Sendable {
    private struct State {
        var isDraining = false
        var inFlight = 0
    }

    private let state = Mutex(State())
    private let metrics: ServiceMetrics
    /// Ends when the server is asked to stop. For one reader.
    let untilDraining: AsyncStream<Never>
    private let drainSignal: AsyncStream<Never>.Continuation

    init(metrics: ServiceMetrics) {
        self.metrics = metrics
        (untilDraining, drainSignal) = AsyncStream.makeStream()
    }

    /// Whether the server was asked to stop: it finishes what it has begun and takes nothing new.
    var isDraining: Bool { state.withLock(\.isDraining) }

    /// Requests that are being answered.
    var inFlight: Int { state.withLock(\.inFlight) }

    /// Stops taking requests.
    /// - Returns: Whether this was the first call.
    @discardableResult
    func drain() -> Bool {
        defer { drainSignal.finish() }
        return state.withLock { state in
            defer { state.isDraining = true }
            return !state.isDraining
        }
    }

    /// A request is being answered, until ``end()``.
    func begin() {
        state.withLock { state in
            state.inFlight += 1
            metrics.setInFlight(state.inFlight)
        }
    }

    /// A request's reply has ended.
    func end() {
        state.withLock { state in
            state.inFlight -= 1
            metrics.setInFlight(state.inFlight)
        }
    }

    /// Waits until no request is being answered, at most until `deadline`.
    /// - Returns: Whether none is.
    func finish(by deadline: ContinuousClock.Instant) async -> Bool {
        // Draining happens once in a server's life: looking every few milliseconds is simpler than waiting lists.
        while inFlight > 0 {
            guard ContinuousClock.now < deadline, !Task.isCancelled else { return false }
            do { try await Task.sleep(for: .milliseconds(20)) } catch { return false }
        }
        return true
    }
}
#endif
