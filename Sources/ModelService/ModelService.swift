internal import Kite
internal import ModelFiles

/// All the server can do, without HTTP: takes a request, gives a reply.
public final class ModelService: Sendable {
    /// What one request is granted.
    public let options: ServiceOptions
    let models: ModelRegistry
    let guards: GuardSet
    let grammars = GrammarMaker()
    let metrics: (@Sendable () async -> [UInt8])?
    let observer: (@Sendable (RequestSummary) -> Void)?
    /// Seconds since 1970 when the service began.
    let started = Clock.unixSeconds()

    /// A service.
    /// - Parameters:
    ///   - options: What one request is granted.
    ///   - models: The models it answers with.
    ///   - guards: What looks at prompts and answers, in order.
    public convenience init(
        _ options: ServiceOptions = .init(), models: ModelRegistry, guards: [any ContentGuard] = []
    ) {
        self.init(options, models: models, guards: guards, metrics: nil, observer: nil)
    }

    /// A service with somebody who watches it.
    /// - Parameters:
    ///   - metrics: The body of `/metrics`, in Prometheus' text format.
    ///   - observer: Told of every request when its reply has ended. Must not block.
    package init(
        _ options: ServiceOptions = .init(), models: ModelRegistry, guards: [any ContentGuard] = [],
        metrics: (@Sendable () async -> [UInt8])?, observer: (@Sendable (RequestSummary) -> Void)?
    ) {
        self.options = options
        self.models = models
        self.guards = GuardSet(guards)
        self.metrics = metrics
        self.observer = observer
    }

    /// Answers `request`. Never fails: what goes wrong is a reply too. Cancelling the task means that the client has left.
    package func reply(to request: ServiceRequest) async -> ServiceReply {
        switch Route.find(method: request.method, path: request.path) {
        case .found(let route, let parameter):
            let record = RequestRecord(route: route.path, observer: observer)
            let reply: ServiceReply
            do {
                reply = try await self.reply(to: request, at: route.endpoint, parameter, record)
            } catch {
                let failure = ServiceError(error)
                // The log says more than the client is told.
                record.note { $0.error = error is ServiceError ? failure.message : "\(error)" }
                reply = failure.reply
            }
            record.note { $0.status = reply.status }
            // A stream's record is told when the stream ends.
            if case .complete = reply { record.finish() }
            return reply
        case .otherMethods(let allowed):
            let names = allowed.joined(separator: ", ")
            let error = ServiceError(
                status: 405, type: "invalid_request_error",
                message: "\(request.method) is not possible here, only \(names)")
            tell(error)
            return .complete(
                status: 405, headers: [("content-type", "application/json"), ("allow", names)], body: error.body)
        case .notFound:
            let error = ServiceError.notFound("there is nothing at \(request.method) \(request.path.prefix(200))")
            tell(error)
            return error.reply
        }
    }

    /// Tells the observer of a request that no route takes.
    private func tell(_ error: ServiceError) {
        let record = RequestRecord(route: nil, observer: observer)
        record.note {
            $0.status = error.status
            $0.error = error.message
        }
    }

    private func reply(
        to request: ServiceRequest, at endpoint: Endpoint, _ parameter: String, _ record: RequestRecord
    ) async throws -> ServiceReply {
        switch endpoint {
        case .health: return .json(Array(#"{"status":"ok"}"#.utf8))
        case .metrics:
            guard let metrics else { throw ServiceError.notFound("no metrics are kept") }
            return .complete(
                status: 200, headers: [("content-type", "text/plain; version=0.0.4; charset=utf-8")],
                body: await metrics())
        case .models: return .json(modelList())
        case .model: return try .json(modelDescription(parameter))
        case .chatCompletions: return try await chat(request, record)
        case .completions: return try await complete(request, record)
        case .embeddings: return try await embeddings(request, record)
        case .tokenize: return try await tokenize(request)
        case .detokenize: return try await detokenize(request)
        case .tokenizerInfo: return try await tokenizerInfo(request)
        case .applyTemplate: return try await applyTemplate(request)
        case .properties: return try await properties(request)
        case .adapters: return try adapterList(request)
        }
    }
}
