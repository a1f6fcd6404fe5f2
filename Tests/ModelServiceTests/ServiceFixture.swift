import Kite
import ModelFiles
import Testing

@testable import ModelService

/// A service with the built-in model, and short ways to ask it.
struct ServiceFixture: Sendable {
    let service: ModelService
    let model: LanguageModel

    /// The built-in model, loaded once for all tests.
    private static let nano = Task { try await LanguageModel.load(.nano, options: .init(contextLength: 768)) }

    init(
        _ options: ServiceOptions = .init(), guards: [any ContentGuard] = [],
        observer: (@Sendable (RequestSummary) -> Void)? = nil
    ) async throws {
        model = try await Self.nano.value
        service = ModelService(
            options, models: ModelRegistry(model, name: "nano"), guards: guards, metrics: nil, observer: observer)
    }

    /// Sends a request.
    func send(_ method: String, _ path: String, query: String = "", body: [UInt8] = []) async -> ServiceReply {
        await service.reply(to: ServiceRequest(method: method, path: path, query: query, body: body))
    }

    /// Sends JSON and reads the reply's JSON.
    func post(_ path: String, _ body: JSONValue, expecting status: Int = 200) async throws -> JSONValue {
        let reply = await send("POST", path, body: try body.encoded())
        return try Self.json(reply, expecting: status)
    }

    /// Gets JSON.
    func get(_ path: String, query: String = "", expecting status: Int = 200) async throws -> JSONValue {
        try Self.json(await send("GET", path, query: query), expecting: status)
    }

    /// Sends JSON and reads the events of the stream, without the last one, `[DONE]`.
    func stream(_ path: String, _ body: JSONValue) async throws -> [JSONValue] {
        guard case .object(var object) = body else { throw UnexpectedReply(text: "no object") }
        object["stream"] = true
        let reply = await send("POST", path, body: try JSONValue.object(object).encoded())
        guard case .stream(let status, let headers, let body) = reply else { throw UnexpectedReply(reply) }
        #expect(status == 200)
        #expect(headers.contains { $0 == ("content-type", "text/event-stream; charset=utf-8") })
        var bytes: [UInt8] = []
        for await piece in body { bytes += piece }
        var events = String(decoding: bytes, as: UTF8.self).split(separator: "\n\n").map(String.init)
        #expect(events.last == "data: [DONE]")
        if !events.isEmpty { events.removeLast() }
        return try events.map { event in
            try #require(event.hasPrefix("data: "))
            return try JSONValue(parsing: String(event.dropFirst(6)))
        }
    }

    /// The error of a request that is refused.
    func error(_ path: String, _ body: JSONValue, status: Int = 400) async throws -> JSONValue {
        try #require(try await post(path, body, expecting: status)["error"])
    }

    static func json(_ reply: ServiceReply, expecting status: Int) throws -> JSONValue {
        guard case .complete(let found, _, let body) = reply else { throw UnexpectedReply(reply) }
        #expect(found == status, "\(String(decoding: body, as: UTF8.self))")
        return try JSONValue(parsing: body)
    }
}

/// A reply of another kind than the test wants.
struct UnexpectedReply: Error {
    var text: String
    init(text: String) { self.text = text }
    init(_ reply: ServiceReply) {
        switch reply {
        case .complete(let status, _, let body): text = "\(status) \(String(decoding: body, as: UTF8.self))"
        case .stream(let status, _, _): text = "\(status), a stream"
        }
    }
}

extension JSONValue {
    /// The same object with more members.
    func adding(_ members: JSONValue) -> JSONValue {
        guard case .object(var object) = self, case .object(let more) = members else { return self }
        for member in more.members { object[member.key] = member.value }
        return .object(object)
    }

    var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    var int: Int? {
        if case .integer(let value) = self { Int(value) } else { nil }
    }

    var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    var elements: [JSONValue] {
        if case .array(let values) = self { values } else { [] }
    }
}

/// Requests that most tests begin with.
enum Ask {
    static let chat: JSONValue = [
        "messages": [["role": "user", "content": "Hello"]], "temperature": 0, "max_tokens": 8,
    ]
    static let completion: JSONValue = ["prompt": "Once upon a time", "temperature": 0, "max_tokens": 8]
}
