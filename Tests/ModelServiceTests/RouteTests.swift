import Kite
import ModelFiles
import Synchronization
import Testing

@testable import ModelService

struct RouteTests {
    @Test func healthAndModels() async throws {
        let fixture = try await ServiceFixture()
        #expect(try await fixture.get("/health")["status"] == "ok")
        let list = try await fixture.get("/v1/models")
        #expect(list["object"] == "list")
        #expect(list["data"]?[0]?["id"] == "nano")
        #expect(list["data"]?[0]?["object"] == "model")
        #expect(try await fixture.get("/models") == list)
        #expect(try await fixture.get("/v1/models/nano")["id"] == "nano")
        let missing = try await fixture.get("/v1/models/a%2Fb/c", expecting: 404)
        #expect(missing["error"]?["code"] == "model_not_found")
        #expect(missing["error"]?["message"]?.text?.contains("a/b/c") == true)
    }

    /// Every name that a chat may use is one for these too.
    @Test func otherNamesOfModels() async throws {
        let entry = ModelEntry(
            name: "nano", aliases: ["small"], source: .files(.nano), adapters: [.init(name: "poet", path: "poet.gguf")])
        let service = ModelService(models: try ModelRegistry([entry]))
        func get(_ path: String, _ query: String = "") async throws -> JSONValue {
            let reply = await service.reply(to: ServiceRequest(method: "GET", path: path, query: query))
            guard case .complete(200, _, let body) = reply else { throw UnexpectedReply(reply) }
            return try JSONValue(parsing: String(decoding: body, as: UTF8.self))
        }
        #expect(try await get("/v1/models/small")["id"] == "nano")
        for name in ["nano:poet", "small:poet"] {
            #expect(try await get("/v1/models/\(name)")["id"] == "nano:poet")
        }
        for query in ["", "model=", "model=nano", "model=small"] {
            #expect(try await get("/lora-adapters", query)[0]?["name"] == "poet")
        }
    }

    @Test func unknownPathsAndMethods() async throws {
        let fixture = try await ServiceFixture()
        #expect(try await fixture.get("/v1/nothing", expecting: 404)["error"]?["type"] == "invalid_request_error")
        let reply = await fixture.send("GET", "/v1/chat/completions")
        guard case .complete(405, let headers, _) = reply else { throw UnexpectedReply(reply) }
        #expect(headers.contains { $0 == ("allow", "POST") })
        #expect(await fixture.send("HEAD", "/health").status == 200)
        #expect(await fixture.send("GET", "/metrics").status == 404)
    }

    @Test func onlyHealthNeedsNoKey() {
        for route in ModelService.routes { #expect(route.needsKey != route.path.hasSuffix("/health")) }
    }

    @Test func percentEncoding() {
        #expect(PercentEncoding.decode("a%2fb%20c") == "a/b c")
        #expect(PercentEncoding.decode("100%") == "100%")
        #expect(PercentEncoding.decode("%zz%C3%A9") == "%zzé")
        #expect(QueryText.value("model", in: "x=1&model=a%2Fb") == "a/b")
        #expect(QueryText.value("model", in: "models=2") == nil)
    }

    @Test func propertiesAndAdapters() async throws {
        let fixture = try await ServiceFixture()
        let properties = try await fixture.get("/props")
        #expect(properties["default_generation_settings"]?["n_ctx"]?.int == fixture.model.contextLength)
        #expect(properties["chat_template"]?.text == fixture.model.chatTemplate.source)
        #expect(try await fixture.get("/lora-adapters") == [])
        #expect(try await fixture.get("/lora-adapters", query: "model=x", expecting: 404)["error"] != nil)
    }

    @Test func observerIsToldOnce() async throws {
        let told = Told()
        let fixture = try await ServiceFixture(observer: { told.add($0) })
        _ = try await fixture.post("/v1/chat/completions", Ask.chat)
        _ = try await fixture.stream("/v1/completions", Ask.completion)
        _ = try await fixture.get("/nowhere", expecting: 404)
        _ = try await fixture.post("/v1/completions", ["prompt": 1], expecting: 400)
        let summaries = told.all
        #expect(summaries.map(\.route) == ["/v1/chat/completions", "/v1/completions", nil, "/v1/completions"])
        #expect(summaries.map(\.status) == [200, 200, 404, 400])
        #expect(summaries.map(\.isStream) == [false, true, false, false])
        #expect(summaries[0].model == "nano")
        #expect(summaries[0].promptTokens > 0)
        #expect(summaries[0].completionTokens > 0 && summaries[1].completionTokens > 0)
        #expect(summaries[1].finishReasons.count == 1)
        #expect(summaries[3].error?.contains("prompt") == true)
    }
}

/// Summaries that an observer was told.
final class Told: Sendable {
    private let summaries = Mutex<[RequestSummary]>([])
    func add(_ summary: RequestSummary) { summaries.withLock { $0.append(summary) } }
    var all: [RequestSummary] { summaries.withLock { $0 } }
}
