#if Server
internal import Logging
internal import ModelService
internal import Synchronization

/// What becomes of one request: a line in the log and the metrics, once, at the latest when nobody holds this any more.
final class RequestLog: Sendable {
    /// The request that the current task answers.
    @TaskLocal static var current: RequestLog?

    /// Who is told.
    struct Sinks: Sendable {
        let logger: Logger
        let metrics: ServiceMetrics
        let phase: ServerPhase
        let logsPrompts: Bool
    }

    private struct State {
        var status: Int
        var summary: RequestSummary?
        var prompt: String?
        var hasLeft = false
        var isTold = false
    }

    /// A name for the request, in the reply (`X-Request-Id`) and in the log.
    let id = "req_" + String(UInt64.random(in: .min ... .max), radix: 16)
    private let sinks: Sinks
    private let method: String
    private let path: String
    private let route: String?
    private let client: String?
    private let started = ContinuousClock.now
    private let state = Mutex(State(status: 500))

    init(_ sinks: Sinks, method: String, path: String, route: String?, client: String?) {
        self.sinks = sinks
        self.method = method
        self.path = path
        self.route = route
        self.client = client
        sinks.phase.begin()
    }

    deinit { finish() }

    /// The status that is sent.
    func note(status: Int) { state.withLock { $0.status = status } }

    /// What the service has to say.
    func note(_ summary: RequestSummary) { state.withLock { $0.summary = summary } }

    /// What the client sent, where it is to be in the log.
    func note(body: [UInt8]) {
        guard sinks.logsPrompts else { return }
        state.withLock { $0.prompt = String(decoding: body.prefix(64 << 10), as: UTF8.self) }
    }

    /// The client has left, or was too slow.
    func noteLeft() { state.withLock { $0.hasLeft = true } }

    /// The reply has ended.
    func finish() {
        let told: State? = state.withLock { state in
            guard !state.isTold else { return nil }
            state.isTold = true
            return state
        }
        guard let told else { return }
        let elapsed = (ContinuousClock.now - started).components
        let seconds = Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
        // What nginx calls it when a client closes before the reply has ended.
        let status = told.hasLeft ? 499 : told.status
        sinks.phase.end()
        sinks.metrics.record(route: route, status: status, seconds: seconds)
        write(told, status: status, seconds: seconds)
    }

    private func write(_ told: State, status: Int, seconds: Double) {
        var metadata: Logger.Metadata = [
            "method": "\(method)", "path": "\(path.prefix(256))", "status": "\(status)",
            "seconds": "\((seconds * 10_000).rounded() / 10_000)",
        ]
        metadata["id"] = "\(id)"
        if let client { metadata["client"] = "\(client)" }
        if let summary = told.summary {
            if let model = summary.model { metadata["model"] = "\(model)" }
            if summary.promptTokens > 0 {
                metadata["prompt_tokens"] = "\(summary.promptTokens)"
                metadata["cached_tokens"] = "\(summary.cachedTokens)"
                metadata["completion_tokens"] = "\(summary.completionTokens)"
            }
            if !summary.finishReasons.isEmpty {
                metadata["finish"] = "\(summary.finishReasons.joined(separator: ","))"
            }
            // What is wrong with a request may quote it; what is wrong with the server may not.
            if let error = summary.error, status >= 500 || summary.isStream || sinks.logsPrompts {
                metadata["error"] = "\(error)"
            }
        }
        if let prompt = told.prompt { metadata["body"] = "\(prompt)" }
        // Probes and scrapes come every few seconds.
        let isQuiet = status < 400 && (route == "/health" || route == "/metrics" || route == "/v1/health")
        sinks.logger.log(level: status >= 500 ? .error : isQuiet ? .debug : .info, "request", metadata: metadata)
    }
}
#endif
