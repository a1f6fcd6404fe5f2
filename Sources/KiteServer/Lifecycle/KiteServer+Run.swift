#if Server
internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
public import ServiceLifecycle

extension KiteServer: Service {
    /// Serves until the task is cancelled or its service group shuts down gracefully.
    public func run() async throws { try await run { _ in } }

    /// Serves until ``shutdown()``, a graceful shutdown of the service group it runs in, or cancellation.
    ///
    /// When asked to stop, the server takes no new requests (503; `/health` says so, too), lets those under way go on for
    /// ``ServerOptions/drainLimit``, ends the rest and returns.
    /// - Parameter onListening: Called with the port once the server accepts connections.
    /// - Throws: ``ServerError`` when it cannot listen.
    public func run(onListening: @escaping @Sendable (_ port: Int) async -> Void) async throws {
        var quiet = logger
        quiet.logLevel = .warning
        let app = Application(
            responder: CallbackResponder<BasicRequestContext> { [self] request, _ in try await respond(to: request) },
            server: http1(),
            configuration: ApplicationConfiguration(
                address: .hostname(options.host, port: options.port), serverName: nil,
                availableConnectionsDelegate: MaximumAvailableConnections(
                    options.limits.maximumConnections, logger: quiet)),
            onServerRunning: { await onListening($0.localAddress?.port ?? options.port) },
            logger: quiet)
        let group = ServiceGroup(configuration: .init(services: [app], logger: quiet))
        // Detached: the group must not hear of the shutdown of a group around it before the requests have ended.
        let serving = Task.detached { try await group.run() }
        do {
            try await withTaskCancellationHandler {
                try await withGracefulShutdownHandler {
                    try await withThrowingTaskGroup(of: Void.self) { tasks in
                        tasks.addTask { try await serving.value }
                        tasks.addTask { try await drain(group, serving) }
                        try await tasks.next()
                        tasks.cancelAll()
                    }
                } onGracefulShutdown: {
                    shutdown()
                }
            } onCancel: {
                serving.cancel()
            }
        } catch let error as CancellationError {
            throw error
        } catch {
            throw ServerError(error, host: options.host, port: options.port)
        }
    }

    /// Asks the server to stop. ``run(onListening:)`` returns when the requests under way have ended.
    public func shutdown() {
        if phase.drain() { logger.info("stopping", metadata: ["in_flight": "\(phase.inFlight)"]) }
    }

    /// Waits until the server is to stop, lets requests end, and ends the server.
    private func drain(_ group: ServiceGroup, _ serving: Task<Void, any Error>) async throws {
        for await _ in phase.untilDraining {}
        try Task.checkCancellation()
        if await !phase.finish(by: .now + options.drainLimit) {
            logger.warning("requests are cut short", metadata: ["in_flight": "\(phase.inFlight)"])
            connections.cancelAll()
            _ = await phase.finish(by: .now + .seconds(5))
        }
        await group.triggerGracefulShutdown()
        // Idle connections are closed by now; whoever still holds one open does not hold up the end.
        try await Task.sleep(for: .seconds(5))
        serving.cancel()
        _ = await serving.result
    }
}

/// Why a server cannot listen.
public enum ServerError: Error, Sendable, CustomStringConvertible {
    /// Another program listens there.
    case addressInUse(host: String, port: Int)
    /// The host is neither an address nor a name of this machine.
    case noSuchAddress(host: String)
    /// The system does not allow it: ports below 1024 are for the administrator.
    case notAllowed(host: String, port: Int)
    /// Anything else.
    case failed(host: String, port: Int, reason: String)

    /// One line that says what is wrong and what to do.
    public var description: String {
        switch self {
        case .addressInUse(let host, let port):
            "port \(port) of \(host) is taken by another program; choose one with --port, or 0 for any"
        case .noSuchAddress(let host):
            "'\(host)' is no address of this machine; --host takes 127.0.0.1, 0.0.0.0 or an address of a network card"
        case .notAllowed(let host, let port): "the system does not let this user listen on port \(port) of \(host)"
        case .failed(let host, let port, let reason): "cannot listen on \(host), port \(port): \(reason)"
        }
    }

    init(_ error: any Error, host: String, port: Int) {
        if let error = error as? ServerError {
            self = error
        } else if let error = error as? IOError {
            self = Self.named(error, host: host, port: port)
        } else if String(reflecting: type(of: error)).contains("SocketAddressError") {
            self = .noSuchAddress(host: host)
        } else {
            self = .failed(host: host, port: port, reason: "\(error)")
        }
    }

    private static func named(_ error: IOError, host: String, port: Int) -> ServerError {
        switch error.errnoCode {
        case SystemErrors.addressInUse: .addressInUse(host: host, port: port)
        case SystemErrors.addressNotAvailable: .noSuchAddress(host: host)
        case SystemErrors.accessDenied: .notAllowed(host: host, port: port)
        default: .failed(host: host, port: port, reason: error.description)
        }
    }
}
#endif
