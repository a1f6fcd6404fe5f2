#if Server
import Hummingbird
import Kite
import Logging
import ModelService
import ServiceLifecycle
import TestSupport
import Testing

@testable import KiteServer

@Suite struct MountTests {
    /// An app with a route of its own and a server under `/ai`.
    private static func withApp(
        _ options: ServerOptions, inGroup: Bool = false, _ body: (Int) async throws -> Void
    ) async throws {
        let kite = KiteServer(
            options: options, logger: LogLines().logger, metrics: ServiceMetrics(PrometheusMetrics())
        ) { .echo($0) }
        let router = Router()
        router.get("hello") { _, _ in "own" }
        if inGroup {
            kite.addRoutes(to: router.group("v2"), under: "/ai/")
        } else {
            kite.addRoutes(to: router, under: "ai")
        }
        let (ports, told) = AsyncStream<Int>.makeStream()
        let app = Application(
            router: router, server: kite.http1(),
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { told.yield($0.localAddress?.port ?? 0) }, logger: LogLines().logger)
        let group = ServiceGroup(configuration: .init(services: [app], logger: LogLines().logger))
        let running = Task {
            defer { told.finish() }
            try await group.run()
        }
        for await port in ports {
            try await body(port)
            await group.triggerGracefulShutdown()
        }
        try await running.value
    }

    @Test func anAppKeepsItsOwnRoutes() async throws {
        try await Self.withApp(ServerOptions()) { port in
            let client = try RawClient(port: port)
            #expect(await client.ask("GET", "/hello")?.text == "own")
            #expect(await client.ask("POST", "/ai/v1/x", body: "abc")?.text == "POST /v1/x 3")
            #expect(await client.ask("GET", "/ai/v1/models/owner/name")?.text == "GET /v1/models/owner/name 0")
            #expect(await client.ask("GET", "/ai")?.headers["content-type"] == "text/html; charset=utf-8")
            #expect(await client.ask("GET", "/ai/")?.headers["content-type"] == "text/html; charset=utf-8")
            #expect(await client.ask("GET", "/ainot")?.status == 404)
            #expect(await client.ask("GET", "/v1/models")?.status == 404)
        }
    }

    @Test func aGroupOfARouterWillDo() async throws {
        try await Self.withApp(ServerOptions(), inGroup: true) { port in
            let client = try RawClient(port: port)
            #expect(await client.ask("POST", "/v2/ai/v1/x", body: "abc")?.text == "POST /v1/x 3")
        }
    }

    @Test func keysHoldUnderAPrefix() async throws {
        var options = ServerOptions()
        options.keys = APIKeys(["key"])
        try await Self.withApp(options) { port in
            let client = try RawClient(port: port)
            #expect(await client.ask("GET", "/ai/v1/models")?.status == 401)
            #expect(await client.ask("GET", "/ai/health")?.status == 200)
            #expect(await client.ask("GET", "/hello")?.status == 200)
        }
    }

    @Test(arguments: ["/ai", "ai/", "/ai/"])
    func theProgramTakesAPrefix(_ prefix: String) async throws {
        try await withServer({ $0.prefix = prefix }) { _, port in
            let client = try RawClient(port: port)
            #expect(await client.ask("GET", "/ai/v1/x")?.text == "GET /v1/x 0")
            let outside = try #require(await client.ask("GET", "/v1/x"))
            #expect(outside.status == 404)
            #expect(outside.text.hasPrefix(#"{"error":{"message":"#))
        }
    }
}
#endif
