#if Server
public import CoreMetrics
public import Hummingbird
internal import HummingbirdCore
public import Logging
internal import Metrics
public import ModelService

/// OpenAI's API and the chat page over HTTP, on models of a ``ModelRegistry``.
///
/// A program that has no other use for HTTP calls ``run(onListening:)``. One that has its own Hummingbird router mounts the
/// server there:
/// ```swift
/// let kite = KiteServer(models: ModelRegistry(try await .load(.nano), name: "nano"))
/// let router = Router()
/// kite.addRoutes(to: router, under: "/ai")
/// let app = Application(router: router, server: kite.http1())
/// ```
public struct KiteServer: Sendable {
    /// Where the server listens, whom it lets in, and what it grants.
    public let options: ServerOptions
    let phase: ServerPhase
    let connections = ConnectionSet()
    let logger: Logger
    private let responder: RequestResponder

    /// A server.
    /// - Parameters:
    ///   - models: The models that answer.
    ///   - guards: What looks at prompts and answers, in order.
    ///   - service: What one request is granted.
    ///   - options: Where the server listens, whom it lets in, and what it grants to a connection.
    ///   - logger: Gets a line for each request; without prompts unless `options` says so.
    ///   - metrics: Keeps the numbers; nil takes what the program has set up (`MetricsSystem.bootstrap`). Where it is a
    ///     ``PrometheusMetrics``, `/metrics` tells them.
    public init(
        models: ModelRegistry, guards: [any ContentGuard] = [], service: ServiceOptions = .init(),
        options: ServerOptions = .init(), logger: Logger = Logger(label: "kite"), metrics: (any MetricsFactory)? = nil
    ) {
        let factory = metrics ?? MetricsSystem.factory
        let counted = ServiceMetrics(factory)
        let service = ModelService(
            service, models: models, guards: guards, metrics: MetricsReport(factory, models: models)?.body,
            observer: { summary in
                counted.record(summary)
                RequestLog.current?.note(summary)
            })
        self.init(options: options, logger: logger, metrics: counted) { await service.reply(to: $0) }
    }

    /// A server with something else than models behind it, for tests.
    init(
        options: ServerOptions, logger: Logger, metrics: ServiceMetrics,
        service: @escaping @Sendable (ServiceRequest) async -> ServiceReply
    ) {
        var options = options
        options.prefix = Self.normalized(prefix: options.prefix)
        self.options = options
        self.logger = logger
        phase = ServerPhase(metrics: metrics)
        responder = RequestResponder(
            options: options, origins: OriginPolicy(options.allowedOrigins),
            hosts: HostPolicy(host: options.host, allowedOrigins: options.allowedOrigins),
            sinks: .init(logger: logger, metrics: metrics, phase: phase, logsPrompts: options.logsPrompts),
            service: service)
    }

    /// Answers everything under `path` of an app's own router.
    ///
    /// The app's `Application` should take ``http1()`` as its server: without it a client that leaves is noticed only when
    /// the next piece of its answer is written, and the limits of ``ConnectionLimits`` but the body's do not hold.
    /// - Parameters:
    ///   - router: A router or a group of one.
    ///   - path: What stands before the server's own paths, such as `/ai`.
    public func addRoutes<Context>(to router: some RouterMethods<Context>, under path: String = "") {
        let prefix = Self.normalized(prefix: path)
        for method: HTTPRequest.Method in [.get, .head, .post, .put, .delete, .patch, .options] {
            for pattern in [prefix, prefix + "/**"] {
                router.on(RouterPath(pattern), method: method) { [responder] request, context in
                    try await responder.respond(
                        to: request,
                        prefix: Self.prefix(of: request.uri.path, matching: context.endpointPath ?? prefix),
                        isMounted: true)
                }
            }
        }
    }

    /// HTTP/1.1 with the server's limits, which notices clients that leave. For the `server` of an app's `Application`.
    public func http1() -> HTTPServerBuilder {
        HTTPServerBuilder { [limits = options.limits, connections] responder in
            ConnectionChannel(responder: responder, limits: limits, connections: connections)
        }
    }

    /// Whether the server was asked to stop: it finishes what it has begun, and `/health` says 503.
    public var isDraining: Bool { phase.isDraining }

    /// Requests that are being answered now.
    public var requestsInFlight: Int { phase.inFlight }

    func respond(to request: Request) async throws -> Response {
        try await responder.respond(to: request, prefix: options.prefix, isMounted: false)
    }

    /// The part of `path` that stands before the server's own paths: as many components as the route has before its `**`.
    /// A group of a router may have put components of its own there.
    private static func prefix(of path: String, matching route: String) -> String {
        let count = route.split(separator: "/").filter { $0 != "**" }.count
        var end = path.startIndex
        for _ in 0..<count {
            while end < path.endIndex, path[end] == "/" { end = path.index(after: end) }
            while end < path.endIndex, path[end] != "/" { end = path.index(after: end) }
        }
        return String(path[..<end])
    }

    /// `/ai` of `ai/`, `/ai`, `/ai/`; nothing of `/`.
    static func normalized(prefix: String) -> String {
        let parts = prefix.split(separator: "/")
        return parts.isEmpty ? "" : "/" + parts.joined(separator: "/")
    }
}
#endif
