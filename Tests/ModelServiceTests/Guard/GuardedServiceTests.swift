import Kite
import ModelFiles
import Testing

@testable import ModelService

/// What clients see of guards.
@Suite(.timeLimit(.minutes(2))) struct GuardedServiceTests {
    private static let question: JSONValue = [
        "messages": [["role": "user", "content": "What is the capital of Peru?"]], "temperature": 0,
    ]

    private func fixture(_ pattern: String, _ directions: GuardDirections) async throws -> ServiceFixture {
        try await ServiceFixture(
            guards: [RulesGuard([try GuardRule(pattern, directions: directions, reason: "not here")])])
    }

    @Test(arguments: [1, 2]) func aForbiddenQuestionGetsARefusal(_ count: Int) async throws {
        let fixture = try await fixture("peru", .input)
        let body = Self.question.adding(["n": .integer(Int64(count))])
        let reply = try await fixture.post("/v1/chat/completions", body)
        let choices = try #require(reply["choices"]).elements
        #expect(choices.count == count)
        for choice in choices {
            #expect(choice["finish_reason"]?.text == "content_filter")
            #expect(choice["message"]?["content"] == .null)
            #expect(choice["message"]?["refusal"]?.text == "This request was blocked by a content guard: not here.")
        }
        #expect(reply["usage"]?["completion_tokens"]?.int == 0)
        let events = try await fixture.stream("/v1/chat/completions", body)
        #expect(finishReasons(events) == Array(repeating: "content_filter", count: count))
        #expect(content(events) == "")
    }

    @Test func aForbiddenAnswerStopsBeforeWhatIsForbidden() async throws {
        let fixture = try await fixture("Lima", .output)
        let events = try await fixture.stream(
            "/v1/chat/completions", Self.question.adding(["logprobs": true, "top_logprobs": 0]))
        #expect(content(events) == "The capital of Peru is ")
        #expect(finishReasons(events) == ["content_filter"])
        let refusals = events.compactMap { $0["choices"]?[0]?["delta"]?["refusal"]?.text }
        #expect(refusals.joined() == "This answer was stopped by a content guard: not here.")
        let told = events.flatMap { $0["choices"]?[0]?["logprobs"]?["content"]?.elements ?? [] }
        #expect(!told.contains { $0["token"]?.text?.contains("Lima") == true })

        let whole = try await fixture.post("/v1/chat/completions", Self.question)
        #expect(whole["choices"]?[0]?["finish_reason"]?.text == "content_filter")
        #expect(whole["choices"]?[0]?["message"]?["content"]?.text?.contains("Lima") == false)

        let completion = try await fixture.post(
            "/v1/completions",
            ["prompt": "<|user|>\nWhat is the capital of Peru?<|endoftext|>\n<|assistant|>\n", "temperature": 0])
        #expect(completion["choices"]?[0]?["finish_reason"]?.text == "content_filter")
        #expect(completion["choices"]?[0]?["text"]?.text?.contains("Lima") == false)
        // What was made is counted, though no answer came to its end.
        for reply in [whole, completion] { #expect((reply["usage"]?["completion_tokens"]?.int ?? 0) > 4) }
    }

    @Test func whatIsAllowedIsTheSameAsWithoutGuards() async throws {
        let (guarded, plain) = (try await fixture("Quito", .both), try await ServiceFixture())
        let expected = content(try await plain.stream("/v1/chat/completions", Self.question))
        #expect(expected == "The capital of Peru is Lima.")
        #expect(content(try await guarded.stream("/v1/chat/completions", Self.question)) == expected)
    }

    @Test(
        arguments: [
            ["tools": [["type": "function", "function": ["name": "f", "description": "Says ZEBRA."]]]],
            ["chat_template_kwargs": ["note": "zebra"]],
            [
                "messages": [
                    ["role": "system", "content": "A \u{200B}zeb\u{200B}ra."], ["role": "user", "content": "Hi"],
                ]
            ],
            ["messages": [["role": "user", "content": [["type": "text", "text": "Zebra"]]]]],
            ["messages": [["role": "user", "name": "zebra", "content": "Hi"]]], ["grammar": "root ::= \"zebra\""],
            ["json_schema": ["enum": ["a zebra"]]],
            ["response_format": ["type": "json_schema", "json_schema": ["schema": ["const": "zebra"]]]],
            [
                "messages": [
                    ["role": "user", "content": "Hi"], ["role": "tool", "tool_call_id": "zebra", "content": "1"],
                ]
            ],
            [
                "messages": [
                    ["role": "user", "content": "Hi"],
                    ["role": "assistant", "tool_calls": [["id": "a zebra", "function": ["name": "f"]]]],
                    ["role": "user", "content": "Hi"],
                ]
            ],
            [
                "messages": [
                    ["role": "user", "content": "Hi"],
                    ["role": "assistant", "tool_calls": [["id": "1", "function": ["name": "zebra"]]]],
                    ["role": "user", "content": "Hi"],
                ]
            ],
        ] as [JSONValue])
    func everythingAModelReadsIsReviewed(_ change: JSONValue) async throws {
        let reply = try await fixture("zebra", .input).post("/v1/chat/completions", Self.question.adding(change))
        #expect(reply["choices"]?[0]?["finish_reason"]?.text == "content_filter")
    }

    @Test func aForbiddenPromptOfACompletionIsNamed() async throws {
        let fixture = try await fixture("zebra", .input)
        let error = try await fixture.error("/v1/completions", ["prompt": ["fine", "a zebra"]])
        #expect(error["code"]?.text == "content_filter")
        #expect(error["param"]?.text == "prompt")
        let schema = try await fixture.error("/v1/completions", ["prompt": "fine", "json_schema": ["const": "zebra"]])
        #expect(schema["code"]?.text == "content_filter")
    }

    /// What the request has the model begin with and what it adds to that are one text to the rules.
    @Test func aRuleSpansTheBorderToTheAnswer() async throws {
        let fixture = try await fixture("capital of Peru", .output)
        let question = try #require(Self.question["messages"]).elements
        let begun: JSONValue = [
            "messages": .array(question + [["role": "assistant", "content": "The capital of"]]), "temperature": 0,
            "continue_final_message": true,
        ]
        let chat = try await fixture.post("/v1/chat/completions", begun)
        #expect(chat["choices"]?[0]?["finish_reason"]?.text == "content_filter")
        #expect(chat["choices"]?[0]?["message"]?["content"]?.text?.isEmpty ?? true)
        let events = try await fixture.stream("/v1/chat/completions", begun)
        #expect(content(events) == "")
        #expect(finishReasons(events) == ["content_filter"])
        let prompt: JSONValue = "<|user|>\nWhat is the capital of Peru?<|endoftext|>\n<|assistant|>\nThe capital of"
        let completion = try await fixture.post("/v1/completions", ["prompt": prompt, "temperature": 0])
        #expect(completion["choices"]?[0]?["finish_reason"]?.text == "content_filter")
        #expect(completion["choices"]?[0]?["text"]?.text == "")
        // What the prompt says by itself is no answer.
        let other = try await self.fixture("Peru", .output).post(
            "/v1/completions", ["prompt": "Peru", "temperature": 0, "max_tokens": 1])
        #expect(other["choices"]?[0]?["finish_reason"]?.text != "content_filter")
    }

    /// Fails in one direction.
    private struct Failing: ContentGuard {
        let name = "broken"
        let directions: GuardDirections
        func review(_ content: GuardedContent) async throws -> GuardVerdict { throw RegistryError.closed }
    }

    @Test func withoutAJudgementThereIsNoAnswer() async throws {
        for directions in [GuardDirections.input, .output] {
            let fixture = try await ServiceFixture(guards: [Failing(directions: directions)])
            for (path, body) in [
                ("/v1/chat/completions", Self.question), ("/v1/completions", ["prompt": "a", "max_tokens": 3]),
            ] {
                let error = try await fixture.error(path, body, status: 503)
                #expect(error["code"]?.text == "guard_failed")
            }
        }
        let fixture = try await ServiceFixture(guards: [Failing(directions: .output)])
        let events = try await fixture.stream("/v1/chat/completions", Self.question)
        #expect(content(events) == "")
        #expect(events.last?["error"]?["code"]?.text == "guard_failed")
    }

    private func content(_ events: [JSONValue]) -> String {
        events.compactMap { $0["choices"]?[0]?["delta"]?["content"]?.text }.joined()
    }

    private func finishReasons(_ events: [JSONValue]) -> [String] {
        events.flatMap { $0["choices"]?.elements ?? [] }.compactMap { $0["finish_reason"]?.text }
    }
}
