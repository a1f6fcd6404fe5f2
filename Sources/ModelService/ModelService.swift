internal import Kite
internal import ModelFiles

/// All the server can do, without HTTP: takes a request, gives a reply.
public final class ModelService: Sendable {
    /// What one request is granted.
    public let options: ServiceOptions
    let models: ModelRegistry
    let guards: [any ContentGuard]
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
        self.guards = guards
        self.metrics = metrics
        self.observer = observer
    }

    /// Answers `request`. Never fails: what goes wrong is a reply too. Cancelling the task means that the client has left.
    package func reply(to request: ServiceRequest) async -> ServiceReply {
        switch Route.find(method: request.method, path: request.path) {
        case .found(let route, let parameter):
            do {
                return try await reply(to: request, at: route.endpoint, parameter)
            } catch {
                return ServiceError(error).reply
            }
        case .otherMethods(let allowed):
            let error = ServiceError(
                status: 405, type: "invalid_request_error",
                message: "\(request.method) is not possible here, only \(allowed.joined(separator: ", "))")
            return .complete(
                status: 405,
                headers: [("content-type", "application/json"), ("allow", allowed.joined(separator: ", "))],
                body: error.body)
        case .notFound:
            return ServiceError.notFound("there is nothing at \(request.method) \(request.path)").reply
        }
    }

    private func reply(
        to request: ServiceRequest, at endpoint: Endpoint, _ parameter: String
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
        default:
            throw ServiceError(
                status: 501, type: "server_error", message: "\(request.path) is not there yet", code: "not_implemented")
        }
    }
}

extension ServiceError {
    /// What `error` means for the client.
    init(_ error: any Error) {
        if let error = error as? ServiceError {
            self = error
        } else if let error = error as? RegistryError {
            self.init(
                status: error.status, type: error.status < 500 ? "invalid_request_error" : "server_error",
                message: error.description, param: error.parameter, code: error.code,
                retryAfterSeconds: error.retryAfterSeconds)
        } else if let error = error as? GuardError {
            self.init(
                status: error.status, type: "server_error", message: error.description, code: error.code)
        } else {
            self = .internalError("\(error)")
        }
    }
}
