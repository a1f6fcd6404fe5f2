#if Server
import Kite
import ModelFiles
import ModelService
import TestSupport
import Testing

@testable import KiteServer

/// The whole server with the built-in model.
@Suite struct ServiceTests {
    private static func withNano(
        log: LogLines = LogLines(.json), logsPrompts: Bool = false,
        _ body: (RawClient, KiteServer, LanguageModel, Int) async throws -> Void
    ) async throws {
        let model = try await LanguageModel.load(.nano)
        var options = ServerOptions()
        options.port = 0
        options.logsPrompts = logsPrompts
        let server = KiteServer(
            models: ModelRegistry(model, name: "nano"), options: options, logger: log.logger,
            metrics: PrometheusMetrics())
        try await withRunning(server) { port in
            try await body(try RawClient(port: port, timeout: 60), server, model, port)
        }
    }

    private static let question =
        #"{"messages":[{"role":"user","content":"What is the capital of Peru?"}],"temperature":0"#

    @Test func errorsAreOpenAIs() async throws {
        try await Self.withNano { client, _, _, _ in
            let missing = try #require(await client.ask("GET", "/v1/nothing"))
            #expect(missing.status == 404)
            #expect(missing.text.hasPrefix(#"{"error":{"message":"#))
            #expect(missing.headers["cache-control"] == "no-store")
            let method = try #require(await client.ask("DELETE", "/v1/models"))
            #expect(method.status == 405)
            #expect(method.headers["allow"] == "GET, HEAD")
            let head = try #require(await client.ask("HEAD", "/v1/models"))
            #expect(head.status == 200)
            #expect(Int(head.headers["content-length"] ?? "") ?? 0 > 0)
            let options = try #require(await client.ask("OPTIONS", "/v1/models"))
            #expect(options.status == 204)
            #expect(options.headers["allow"] == "GET, HEAD, OPTIONS")
            #expect(await client.ask("POST", "/v1/chat/completions", body: "{")?.status == 400)
        }
    }

    @Test func aQuestionIsAnsweredCountedAndLogged() async throws {
        let log = LogLines(.json)
        try await Self.withNano(log: log) { client, _, _, _ in
            let reply = try #require(
                await client.ask("POST", "/v1/chat/completions", body: Self.question + "}"))
            #expect(reply.status == 200)
            #expect(reply.text.contains("Lima"))
            let metrics = try #require(await client.ask("GET", "/metrics")).text
            #expect(metrics.contains(#"kite_requests_total{route="/v1/chat/completions",status="200"} 1"#))
            #expect(metrics.contains(#"kite_completion_tokens_total{model="nano"}"#))
            #expect(metrics.contains(#"kite_time_to_first_token_seconds_count{model="nano"} 1"#))
        }
        let line = try #require(log.all.first { $0.contains("chat/completions") })
        let fields = try JSONValue(parsing: line)
        #expect(try fields["status"]?.asInt() == 200)
        #expect(try fields["model"]?.asString() == "nano")
        #expect(try fields["client"]?.asString() == "127.0.0.1")
        #expect((try fields["completion_tokens"]?.asInt() ?? 0) > 0)
        #expect(!log.all.joined().contains("Peru"))
    }

    @Test func promptsAreLoggedOnlyWhenAskedFor() async throws {
        let log = LogLines()
        try await Self.withNano(log: log, logsPrompts: true) { client, _, _, _ in
            #expect(await client.ask("POST", "/v1/chat/completions", body: Self.question + "}")?.status == 200)
        }
        #expect(log.all.joined().contains("Peru"))
    }

    @Test func aStreamThatNobodyReadsAnyMoreLeavesNothingBehind() async throws {
        try await Self.withNano { _, server, model, port in
            let body = Self.question + #","stream":true,"max_tokens":100000,"ignore_eos":true}"#
            for _ in 0..<20 {
                let client = try RawClient(port: port)
                await client.send(
                    "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
                )
                try #require(await client.head()?.status == 200)
                _ = await client.chunk()
                client.reset()
            }
            #expect(await eventually { server.requestsInFlight == 0 })
            #expect(
                await eventually {
                    let statistics = model.engineStatistics
                    return statistics.running == 0 && statistics.waiting == 0
                        && statistics.kvPages == statistics.cachedKVPages
                })
        }
    }
}
#endif
