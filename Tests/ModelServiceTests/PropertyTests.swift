import Kite
import ModelFiles
import TestSupport
import Testing

@testable import ModelService

/// Random JSON at every route: whatever it is, the fault is the client's or there is none.
struct PropertyTests {
    private static let fields = [
        "messages", "prompt", "input", "content", "tokens", "model", "stream", "stream_options", "stop", "seed", "n",
        "temperature", "top_p", "top_k", "min_p", "typical_p", "presence_penalty", "frequency_penalty",
        "repeat_penalty", "repeat_last_n", "logit_bias", "logprobs", "top_logprobs", "n_probs", "response_format",
        "grammar", "json_schema", "tools", "tool_choice", "parallel_tool_calls", "continue_final_message",
        "add_generation_prompt", "chat_template_kwargs", "cache_prompt", "ignore_eos", "lora", "timeout",
        "t_max_predict_ms", "echo", "suffix", "best_of", "encoding_format", "dimensions", "add_special", "with_pieces",
        "user", "unknown",
    ]

    private static let words = [
        "", "x", "nano", "user", "auto", "required", "function", "json_object", "json_schema", "text", "<|endoftext|>",
        "root ::= \"a\"", "<tool_call>", "\u{0}", "🪁", "{", "float",
    ]

    @Test(arguments: 0..<8)
    func noRequestIsTheServersFault(seed: UInt64) async throws {
        let fixture = try await ServiceFixture()
        var random = FixedRandom(seed: seed &* 0x9E37_79B9 &+ 17)
        let routes = ModelService.routes.filter { $0.path != "/metrics" }
        for _ in 0..<120 {
            let route = routes[Int(random.next() % UInt64(routes.count))]
            let body = Self.body(&random)
            let query = ["", "model=nano", "model=%", "model=&&=x"][Int(random.next() % 4)]
            let reply = await fixture.send(route.method, route.path, query: query, body: try body.encoded())
            #expect((200..<500).contains(reply.status), "\(route.path) \(body)")
            switch reply {
            case .complete(_, _, let bytes): _ = try JSONValue(parsing: bytes)
            case .stream(_, _, let pieces):
                var last: [UInt8] = []
                for await piece in pieces { last = piece }
                #expect(last.suffix(14) == ServerSentEvents.done.suffix(14), "\(body)")
            }
        }
    }

    /// A request that makes sense but for a few fields.
    private static func body(_ random: inout FixedRandom) -> JSONValue {
        var body: JSONValue = random.next() % 8 == 0 ? [:] : Ask.chat.adding(Ask.completion)
        body = body.adding(["max_tokens": 2, "input": "Hi", "content": "Hi", "tokens": [5, 6]])
        for _ in 0..<(1 + random.next() % 3) {
            let field = fields[Int(random.next() % UInt64(fields.count))]
            body = body.adding([field: value(&random, depth: 3)])
        }
        return body
    }

    private static func value(_ random: inout FixedRandom, depth: Int) -> JSONValue {
        switch random.next() % (depth > 0 ? 10 : 7) {
        case 0: return .null
        case 1: return .bool(random.next() % 2 == 0)
        case 2: return .integer(Int64(truncatingIfNeeded: random.next()))
        case 3: return .integer(Int64(random.next() % 7) - 2)
        case 4: return .number(Double(random.next() % 1000) / 250 - 1)
        case 5: return .number([1e300, -1e300, 1e-300, 0.5, -0.0][Int(random.next() % 5)])
        case 6: return .string(words[Int(random.next() % UInt64(words.count))])
        case 7: return .array((0..<random.next() % 4).map { _ in value(&random, depth: depth - 1) })
        default:
            let keys = ["role", "content", "type", "function", "name", "schema", "json_schema", "tools", "0", "17"]
            var object = JSONObject()
            for _ in 0..<(random.next() % 4) {
                object[keys[Int(random.next() % UInt64(keys.count))]] = value(&random, depth: depth - 1)
            }
            return .object(object)
        }
    }
}
