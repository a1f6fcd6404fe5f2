internal import Synchronization

/// Gathers what became of one request and tells the observer once, at the latest when the reply is dropped.
final class RequestRecord: Sendable {
    private struct State {
        var summary = RequestSummary()
        var isTold = false
    }

    private let started = ContinuousClock.now
    private let state = Mutex(State())
    private let observer: (@Sendable (RequestSummary) -> Void)?

    init(route: String?, observer: (@Sendable (RequestSummary) -> Void)?) {
        self.observer = observer
        state.withLock { $0.summary.route = route }
    }

    deinit { finish() }

    /// Notes something.
    func note(_ change: (inout RequestSummary) -> Void) {
        state.withLock { change(&$0.summary) }
    }

    /// Notes what was used.
    func note(_ usage: RequestUsage) {
        note { summary in
            summary.promptTokens = usage.promptTokens
            summary.cachedTokens = usage.cachedTokens
            summary.completionTokens = usage.completionTokens
            summary.promptSeconds = usage.promptSeconds
            summary.generationSeconds = usage.generationSeconds
            summary.firstTokenSeconds = usage.firstTokenSeconds
        }
    }

    /// Notes what was used, and why each choice ended: nil for those that were cut off.
    func note(_ usage: RequestUsage, finishReasons: [String?], error: String? = nil) {
        note(usage)
        note { summary in
            summary.finishReasons = finishReasons.map { $0 ?? "cancelled" }
            summary.error = error
        }
    }

    /// The reply has ended.
    func finish() {
        guard let observer else { return }
        let elapsed = (ContinuousClock.now - started).components
        let summary: RequestSummary? = state.withLock { state in
            guard !state.isTold else { return nil }
            state.isTold = true
            state.summary.seconds = Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
            return state.summary
        }
        if let summary { observer(summary) }
    }
}
