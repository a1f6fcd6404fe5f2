import Kite
import ModelFiles
import Testing

@testable import ModelService

/// Every field with values it cannot have: a 400 that names it.
struct FieldTests {
    private static let shared: [(field: String, bad: [JSONValue], good: [JSONValue])] = [
        ("temperature", ["1", -0.1, 1e9, [], true], [.null, 0, 2, 0.5]),
        ("top_p", ["1", -0.1, 1.1, [:]], [.null, 0, 1]), ("min_p", [-1, 2, "x"], [0, 0.5]),
        ("typical_p", [-1, 2, "x"], [1]),
        ("top_k", [-2, 1.5, "x", 1e30, 9_223_372_036_854_775_807], [-1, 0, 5, 40.0]),
        ("presence_penalty", ["x", 1e6, -1e6], [-2, 2]), ("frequency_penalty", ["x", 1e6], [-2, 2]),
        ("repeat_penalty", [0, -1, 1e6, "x"], [1.1]), ("repetition_penalty", [0, -1], [1.1]),
        ("repeat_last_n", [-2, 0.5, 1e12], [-1, 0, 64]),
        ("max_tokens", [-2, 1.5, "8", 1e20, -9e30, true], [-1, 1, 4.0]), ("n_predict", [-2, "x"], [1]),
        ("n", [0, -1, 33, 1.5, "2", 1e30], [1, 2]), ("seed", ["x", 1.5, 1e30, true], [-1, 0, 42, -7]),
        (
            "stop", [1, [1], ["a", .null], [:], true, .string(String(repeating: "é", count: 4097))],
            ["a", ["a", "b"], [], "", .null, .string(String(repeating: "é", count: 4096))]
        ),
        ("stream", ["true", 1], [false, .null]), ("stream_options", [1, [], "x"], [[:], .null]),
        ("logit_bias", [1, "x", [1], [[1]], ["1": "x"], ["1": 1e9], [[-5, 1]], ["1": true]], [[:], [], ["5": -1.5]]),
        ("ignore_eos", ["x", 1], [false]), ("cache_prompt", ["x", 0], [true, false]),
        ("timeout", [0, -1, "x", 1e30], [100]), ("t_max_predict_ms", [-2, "x", 1e30], [-1, 0, 100_000]),
        ("grammar", [1, [], true], [""]), ("json_schema", [1, "x", []], [.null]),
        (
            "response_format", [1, "json_object", [], [:], ["type": 5], ["type": "xml"], ["type": "json_schema"]],
            [["type": "text"], .null]
        ),
        ("lora", [1, "x", [1], [[:]], [["name": 5]], [["id": -1]], [["id": 0, "scale": "x"]]], [[], .null]),
        ("model", [1, [], [:], true], ["nano", .null, ""]),
        // Fields of other servers that would change the answer.
        ("suffix", ["x"], [.null, ""]), ("mirostat", [2], [0]), ("dry_multiplier", [0.8], [0]),
        ("xtc_probability", [0.5], [0.0]), ("guided_json", [[:]], [.null]), ("guided_choice", [["a"]], []),
        ("stop_token_ids", [[5]], [[], .null]), ("allowed_token_ids", [[5]], [.null]), ("bad_words", [["x"]], [[]]),
        ("chat_template", ["x"], [.null]), ("truncate_prompt_tokens", [5, -1], [.null]),
        ("documents", [[["text": "x"]]], [[]]),
        // Fields that are known to mean nothing here, and ones that nobody knows.
        ("user", [], ["me", 5]), ("metadata", [], [["a": "b"]]), ("store", [], [true]),
        ("service_tier", [], ["auto"]), ("reasoning_effort", [], ["low"]), ("unheard_of", [], [[1, 2], "x", .null]),
    ]

    @Test func sharedFields() async throws {
        let fixture = try await ServiceFixture()
        for (path, base) in [("/v1/chat/completions", Ask.chat), ("/v1/completions", Ask.completion)] {
            let short = base.adding(["max_tokens": 1])
            for (field, bad, good) in Self.shared {
                for value in bad {
                    let error = try await fixture.error(path, short.adding([field: value]))
                    let param = error["param"]?.text ?? ""
                    #expect(param.hasPrefix(field), "\(path) \(field): \(value) \(error)")
                    #expect(error["type"] == "invalid_request_error")
                }
                for value in good { _ = try await fixture.post(path, short.adding([field: value])) }
            }
        }
    }

    @Test func logprobsFields() async throws {
        let fixture = try await ServiceFixture()
        for (bad, param) in [
            (["logprobs": 1], "logprobs"), (["logprobs": true, "top_logprobs": 21], "top_logprobs"),
            (["logprobs": true, "top_logprobs": -1], "top_logprobs"), (["top_logprobs": 2], "top_logprobs"),
            (["n_probs": -1], "n_probs"),
        ] as [(JSONValue, String)] {
            let error = try await fixture.error("/v1/chat/completions", Ask.chat.adding(bad))
            #expect(error["param"]?.text == param)
        }
        for bad in [["logprobs": true], ["logprobs": 21], ["logprobs": -1], ["logprobs": "x"]] as [JSONValue] {
            let error = try await fixture.error("/v1/completions", Ask.completion.adding(bad))
            #expect(error["param"] == "logprobs")
        }
    }

    @Test func messages() async throws {
        let fixture = try await ServiceFixture()
        let bad: [(JSONValue, String)] = [
            (.null, "messages"), ([], "messages"), ("Hello", "messages"), (["Hello"], "messages[0]"),
            ([[:]], "messages[0].role"), ([["role": 5, "content": "x"]], "messages[0].role"),
            ([["role": "poet", "content": "x"]], "messages[0].role"),
            ([["role": "user"]], "messages[0].content"), ([["role": "user", "content": 5]], "messages[0].content"),
            ([["role": "user", "content": [5]]], "messages[0].content[0]"),
            ([["role": "user", "content": [["type": "text"]]]], "messages[0].content[0].text"),
            (
                [["role": "user", "content": [["type": "image_url", "image_url": ["url": "x"]]]]],
                "messages[0].content[0]"
            ),
            ([["role": "assistant", "tool_calls": [5]]], "messages[0].tool_calls[0]"),
            ([["role": "assistant", "tool_calls": [[:]]]], "messages[0].tool_calls[0].function"),
            (
                [["role": "assistant", "tool_calls": [["function": ["name": "f\"}\nf"]]]]],
                "messages[0].tool_calls[0].function.name"
            ),
            (
                [["role": "assistant", "tool_calls": [["function": ["name": ""]]]]],
                "messages[0].tool_calls[0].function.name"
            ),
        ]
        for (messages, param) in bad {
            let error = try await fixture.error("/v1/chat/completions", ["messages": messages])
            #expect(error["param"]?.text == param, "\(messages)")
        }
        let image = try await fixture.error(
            "/v1/chat/completions",
            ["messages": [["role": "user", "content": [["type": "image_url", "image_url": ["url": "x"]]]]]])
        #expect(image["message"]?.text?.contains("image_url") == true)
        #expect(image["code"] == "unsupported_content")
    }

    @Test func bodies() async throws {
        let fixture = try await ServiceFixture()
        let deep = String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)
        let bodies: [[UInt8]] = [
            [], Array("{".utf8), Array("[]".utf8), Array("null".utf8), Array("{\"a\":1,\"a\":2}".utf8),
            Array("{\"prompt\":\"\\ud800\"}".utf8), Array("{\"temperature\":NaN}".utf8),
            Array("{\"x\":".utf8) + Array(deep.utf8) + [0x7D],
            Array("{\"prompt\":\"".utf8) + [0xFF, 0xFE] + Array("\"}".utf8),
            Array("{\"temperature\":1e999}".utf8), Array("{} {}".utf8),
        ]
        for route in ModelService.routes where route.method == "POST" {
            for body in bodies {
                let reply = await fixture.send("POST", route.path, body: body)
                let error = try ServiceFixture.json(reply, expecting: 400)["error"]
                #expect(error?["code"] == "invalid_json")
            }
        }
    }

    @Test func schemasAndGrammarsThatCannotBeHonoured() async throws {
        let fixture = try await ServiceFixture()
        for (path, base) in [("/v1/chat/completions", Ask.chat), ("/v1/completions", Ask.completion)] {
            let grammar = try await fixture.error(path, base.adding(["grammar": "root ::= ("]))
            #expect(grammar["param"] == "grammar")
            #expect(grammar["code"] == "invalid_grammar")
            let schema = try await fixture.error(
                path,
                base.adding([
                    "response_format": [
                        "type": "json_schema", "json_schema": ["name": "x", "schema": ["type": "banana"]],
                    ]
                ]))
            #expect(schema["param"] == "response_format.json_schema.schema")
            let both = try await fixture.error(
                path, base.adding(["grammar": "root ::= \"a\"", "response_format": ["type": "json_object"]]))
            #expect(both["message"]?.text?.contains("exclude") == true)
        }
    }
}
