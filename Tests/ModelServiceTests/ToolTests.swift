import Kite
import ModelFiles
import Testing

@testable import ModelService

struct ToolTests {
    private let path = "/v1/chat/completions"
    private let tools: JSONValue = [
        [
            "type": "function",
            "function": [
                "name": "get_weather", "description": "Weather of a city.",
                "parameters": [
                    "type": "object",
                    "properties": [
                        "city": ["enum": ["Oslo", "Lima"]], "days": ["type": "integer", "minimum": 1, "maximum": 3],
                    ],
                    "required": ["city", "days"], "additionalProperties": false,
                ],
            ],
        ],
        ["type": "function", "function": ["name": "now"]],
    ]

    private var ask: JSONValue {
        [
            "messages": [["role": "user", "content": "How is the weather?"]], "tools": tools, "max_tokens": 96,
            "temperature": 0,
        ]
    }

    private func check(_ call: JSONValue) throws {
        #expect(call["type"] == "function")
        #expect(call["id"]?.text?.isEmpty == false)
        let arguments = try JSONValue(parsing: try #require(call["function"]?["arguments"]?.text))
        switch call["function"]?["name"]?.text {
        case "get_weather":
            #expect(["Oslo", "Lima"].contains(arguments["city"]?.text))
            #expect((1...3).contains(arguments["days"]?.int ?? 0))
        case "now": #expect(arguments == [:])
        case let other: Issue.record("called \(other ?? "nothing")")
        }
    }

    @Test func requiredCall() async throws {
        let fixture = try await ServiceFixture()
        let one = ask.adding(["tool_choice": "required", "parallel_tool_calls": false])
        let reply = try await fixture.post(path, one)
        let choice = try #require(reply["choices"]?[0])
        #expect(choice["finish_reason"] == "tool_calls")
        #expect(choice["message"]?["content"] == .null)
        let calls = try #require(choice["message"]?["tool_calls"]).elements
        #expect(calls.count == 1)
        for call in calls { try check(call) }
        // Streamed: the name first, then the arguments in pieces.
        let events = try await fixture.stream(path, one)
        let deltas = events.flatMap { $0["choices"]?[0]?["delta"]?["tool_calls"]?.elements ?? [] }
        #expect(deltas.first?["function"]?["name"] == calls[0]["function"]?["name"])
        #expect(deltas.first?["id"]?.text?.isEmpty == false)
        #expect(deltas.dropFirst().allSatisfy { $0["id"] == nil && $0["index"] == 0 })
        #expect(
            deltas.compactMap { $0["function"]?["arguments"]?.text }.joined()
                == calls[0]["function"]?["arguments"]?.text)
        #expect(events.last?["choices"]?[0]?["finish_reason"] == "tool_calls")
    }

    @Test(arguments: [0, 1, 2, 3, 4, 5])
    func callsAreAlwaysValid(seed: Int) async throws {
        let fixture = try await ServiceFixture()
        let reply = try await fixture.post(
            path,
            ask.adding([
                "tool_choice": "required", "parallel_tool_calls": false, "temperature": 2,
                "seed": .integer(Int64(seed)), "max_tokens": 300,
            ]))
        let choice = try #require(reply["choices"]?[0])
        #expect(choice["finish_reason"] == "tool_calls")
        for call in try #require(choice["message"]?["tool_calls"]).elements { try check(call) }
    }

    @Test func namedCall() async throws {
        let fixture = try await ServiceFixture()
        for named in [
            ["type": "function", "function": ["name": "now"]],
            ["type": "allowed_tools", "mode": "required", "tools": [["type": "function", "name": "now"]]],
        ] as [JSONValue] {
            let reply = try await fixture.post(
                path, ask.adding(["tool_choice": named, "parallel_tool_calls": false]))
            let calls = try #require(reply["choices"]?[0]?["message"]?["tool_calls"]).elements
            #expect(calls.map { $0["function"]?["name"]?.text } == ["now"])
        }
    }

    @Test func freeTextStaysText() async throws {
        let fixture = try await ServiceFixture()
        let reply = try await fixture.post(path, ask.adding(["max_tokens": 12]))
        let message = try #require(reply["choices"]?[0]?["message"])
        #expect(message["content"]?.text?.isEmpty == false || message["tool_calls"] != nil)
        // Not told of any tools, the model reads the bare question.
        let none = try await fixture.post("/apply-template", ask.adding(["tool_choice": "none"]))
        #expect(none["prompt"]?.text == (try fixture.model.chatPrompt([.user("How is the weather?")])))
        let auto = try #require(try await fixture.post("/apply-template", ask)["prompt"]?.text)
        #expect(auto.contains("get_weather") && auto.contains("Weather of a city.") && auto.contains("<tool_call>"))
        let required = try #require(
            try await fixture.post("/apply-template", ask.adding(["tool_choice": "required"]))["prompt"]?.text)
        #expect(required.hasSuffix("<tool_call>\n"))
    }

    @Test func resultsAreReadBack() async throws {
        let fixture = try await ServiceFixture()
        let messages: JSONValue = [
            ["role": "user", "content": "Weather?"],
            [
                "role": "assistant", "content": .null,
                "tool_calls": [
                    [
                        "id": "call_1", "type": "function",
                        "function": ["name": "get_weather", "arguments": "{\"city\": \"Oslo\", \"days\": 1}"],
                    ]
                ],
            ],
            ["role": "tool", "tool_call_id": "call_1", "content": "Rain"],
        ]
        let prompt = try #require(
            try await fixture.post("/apply-template", ask.adding(["messages": messages]))["prompt"]?.text)
        #expect(prompt.contains("{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Oslo\", \"days\": 1}}"))
        #expect(prompt.contains("<tool_response>\nRain\n</tool_response>"))
        _ = try await fixture.post(path, ask.adding(["messages": messages, "max_tokens": 4]))
    }

    @Test func toolsThatCannotBe() async throws {
        let fixture = try await ServiceFixture()
        func tool(_ function: JSONValue) -> JSONValue { [["type": "function", "function": function]] }
        let bad: [(JSONValue, String)] = [
            (["tools": "x"], "tools"), (["tools": [5]], "tools[0]"), (["tools": [[:]]], "tools[0].function"),
            (["tools": [["type": "web_search"]]], "tools[0].type"), (["tools": tool([:])], "tools[0].function.name"),
            (["tools": tool(["name": "a b"])], "tools[0].function.name"),
            (["tools": tool(["name": ""])], "tools[0].function.name"),
            (["tools": tool(["name": "f", "parameters": 5])], "tools[0].function.parameters"),
            (["tools": tool(["name": "f", "parameters": ["type": "banana"]])], "tools[0].function.parameters"),
            (["tools": [["function": ["name": "f"]], ["function": ["name": "f"]]]], "tools"),
            (["tool_choice": "sometimes"], "tool_choice"), (["tool_choice": 5], "tool_choice"),
            (["tool_choice": ["type": "function", "function": ["name": "missing"]]], "tool_choice"),
            (["tools": .null, "tool_choice": "required"], "tool_choice"),
            (["parallel_tool_calls": "x"], "parallel_tool_calls"), (["functions": [["name": "f"]]], "functions"),
            (["grammar": "root ::= \"a\""], "grammar"),
        ]
        for (more, param) in bad {
            let error = try await fixture.error(path, ask.adding(more))
            #expect(error["param"]?.text == param, "\(more) \(error)")
        }
    }

    @Test func textWithoutAnOpening() throws {
        let grammar = AnswerGrammar.text(without: "<a>")
        #expect(
            grammar == """
                root ::= [^<]* ("<" n1)*
                n1 ::= "" | [^<a] [^<]* | "a" n2
                n2 ::= "" | [^<>] [^<]*

                """)
        _ = try Grammar(gbnf: AnswerGrammar.text(without: "<tool_call>"))
        _ = try Grammar(gbnf: AnswerGrammar.text(without: "[TOOL_CALLS]"))
    }
}
