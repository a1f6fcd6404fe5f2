#if Server
import CoreMetrics
import Logging
import ModelService
import Synchronization

@testable import KiteServer

/// A server on a free port while `body` runs.
/// - Parameters:
///   - options: Changes to the options.
///   - log: Gets the lines of the log.
///   - service: What answers.
///   - body: Gets the server and its port. The server has ended when this returns.
func withServer(
    _ options: (inout ServerOptions) -> Void = { _ in }, log: LogLines = LogLines(),
    metrics: PrometheusMetrics = PrometheusMetrics(),
    service: @escaping @Sendable (ServiceRequest) async -> ServiceReply = { .echo($0) },
    _ body: (KiteServer, Int) async throws -> Void
) async throws {
    var chosen = ServerOptions()
    chosen.port = 0
    chosen.drainLimit = .seconds(2)
    options(&chosen)
    let server = KiteServer(
        options: chosen, logger: log.logger, metrics: ServiceMetrics(metrics), service: service)
    try await withRunning(server) { try await body(server, $0) }
}

/// Runs a server while `body` runs.
func withRunning(_ server: KiteServer, _ body: (Int) async throws -> Void) async throws {
    let (ports, told) = AsyncStream<Int>.makeStream()
    let running = Task {
        defer { told.finish() }
        try await server.run { told.yield($0) }
    }
    var iterator = ports.makeAsyncIterator()
    guard let port = await iterator.next() else { return try await running.value }
    do {
        try await body(port)
        server.shutdown()
        try await running.value
    } catch {
        running.cancel()
        throw error
    }
}

extension ServiceReply {
    /// A reply that says what was asked.
    static func echo(_ request: ServiceRequest) -> ServiceReply {
        .complete(
            status: 200, headers: [("content-type", "text/plain")],
            body: Array("\(request.method) \(request.path) \(request.body.count)".utf8))
    }

    /// A stream of events.
    /// - Parameter next: Makes the next piece; nil ends the stream.
    static func events(_ next: @escaping @Sendable () async -> [UInt8]?) -> ServiceReply {
        .stream(status: 200, headers: [("content-type", "text/event-stream")], body: ReplyBody { { await next() } })
    }
}

/// Lines of a log.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])
    private let format: LineLogHandler.Format

    init(_ format: LineLogHandler.Format = .text) { self.format = format }

    var all: [String] { lines.withLock { $0 } }

    var logger: Logger {
        Logger(label: "test") { [self] _ in
            LineLogHandler(format: format) { bytes in
                self.lines.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
            }
        }
    }
}

/// Waits until `condition` holds, at most for some seconds.
func eventually(_ seconds: Int = 60, _ condition: () -> Bool) async -> Bool {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while !condition() {
        guard ContinuousClock.now < deadline else { return false }
        try? await Task.sleep(for: .milliseconds(5))
    }
    return true
}
#endif
