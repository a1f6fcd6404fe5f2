#if Server
import ModelService
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

@testable import KiteServer

@Suite struct DrainTests {
    private static let head = "POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"

    @Test func whatIsUnderWayFinishesAndNothingNewBegins() async throws {
        let goesOn = Mutex(true)
        try await withServer(
            // More than it takes: the end comes as soon as the stream's does.
            { $0.drainLimit = .seconds(60) },
            service: { _ in
                .events {
                    guard goesOn.withLock({ $0 }) else { return nil }
                    do { try await Task.sleep(for: .milliseconds(5)) } catch { return nil }
                    return Array("data: x\n\n".utf8)
                }
            },
            { server, port in
                let streaming = try RawClient(port: port)
                await streaming.send(Self.head)
                _ = await streaming.head()
                server.shutdown()
                let health = try #require(try await RawClient(port: port).ask("GET", "/health"))
                #expect(health.status == 503)
                #expect(health.text == #"{"status":"draining"}"#)
                let refused = try #require(try await RawClient(port: port).ask("POST", "/x", body: "{}"))
                #expect(refused.status == 503)
                #expect(refused.headers["retry-after"] == "1")
                #expect(refused.headers["connection"] == "close")
                for _ in 0..<5 { #expect(await streaming.chunk() == Array("data: x\n\n".utf8)) }
                goesOn.withLock { $0 = false }
                // The stream ends as it should, with its last chunk.
                var last: [UInt8]? = [0]
                while let chunk = last, !chunk.isEmpty { last = await streaming.chunk() }
                #expect(last == [])
            })
    }

    @Test func requestsThatTakeTooLongAreCutShort() async throws {
        let cancelled = Mutex(false)
        try await withServer(
            { $0.drainLimit = .milliseconds(200) },
            service: { request in
                do { try await Task.sleep(for: .seconds(60)) } catch { cancelled.withLock { $0 = true } }
                return .echo(request)
            },
            { server, port in
                let client = try RawClient(port: port)
                await client.send(Self.head)
                #expect(await eventually { server.requestsInFlight == 1 })
                server.shutdown()
                #expect(await client.isEnded())
            })
        #expect(cancelled.withLock { $0 })
    }

    @Test(.timeLimit(.minutes(4))) func idleConnectionsDoNotHoldUpTheEnd() async throws {
        try await withServer(
            {
                $0.drainLimit = .seconds(3600)
                $0.limits.idleTime = .seconds(3600)
            },
            { _, port in
                let client = try RawClient(port: port)
                #expect(await client.ask("GET", "/x")?.status == 200)
            })
    }

    @Test func aServiceGroupStopsTheServer() async throws {
        var options = ServerOptions()
        options.port = 0
        let server = KiteServer(
            options: options, logger: LogLines().logger, metrics: ServiceMetrics(PrometheusMetrics())
        ) { .echo($0) }
        let group = ServiceGroup(
            configuration: .init(services: [server], logger: LogLines().logger))
        let running = Task { try await group.run() }
        try await Task.sleep(for: .seconds(2))
        await group.triggerGracefulShutdown()
        try await running.value
        #expect(server.isDraining)
    }

    @Test func aTakenPortIsNamed() async throws {
        try await withServer { _, port in
            var options = ServerOptions()
            options.port = port
            let second = KiteServer(
                options: options, logger: LogLines().logger, metrics: ServiceMetrics(PrometheusMetrics())
            ) { .echo($0) }
            let error = await #expect(throws: ServerError.self) { try await second.run() }
            #expect(error?.description.contains("port \(port) of 127.0.0.1 is taken") == true)
        }
    }

    @Test(arguments: ["203.0.113.7", "not an address"])
    func aHostThatIsNoneOfThisMachineIsNamed(_ host: String) async throws {
        var options = ServerOptions()
        options.host = host
        options.port = 0
        let server = KiteServer(
            options: options, logger: LogLines().logger, metrics: ServiceMetrics(PrometheusMetrics())
        ) { .echo($0) }
        let error = await #expect(throws: ServerError.self) { try await server.run() }
        #expect(error?.description.contains("'\(host)' is no address of this machine") == true)
    }
}
#endif
