import Kite
import ModelFiles
import Testing

@testable import ModelService

struct ChatTests {
    private let path = "/v1/chat/completions"

    @Test func wholeReply() async throws {
        let fixture = try await ServiceFixture()
        let reply = try await fixture.post(path, Ask.chat)
        #expect(reply["object"] == "chat.completion")
        #expect(reply["id"]?.text?.hasPrefix("chatcmpl-") == true)
        #expect(reply["model"] == "nano")
        #expect((reply["created"]?.int ?? 0) > 1_600_000_000)
        #expect(reply["system_fingerprint"]?.text != nil)
        let choice = try #require(reply["choices"]?[0])
        #expect(choice["message"]?["role"] == "assistant")
        #expect(choice["message"]?["refusal"] == .null)
        #expect(choice["logprobs"] == .null)
        #expect(["stop", "length"].contains(choice["finish_reason"]?.text))
        // The same as the library's own answer.
        let direct = try await fixture.model.streamResponse(
            to: [.user("Hello")], options: .init(sampling: .greedy, maximumResponseTokens: 8)
        ).collect()
        #expect(choice["message"]?["content"]?.text == direct.content)
        let usage = try #require(reply["usage"])
        #expect(usage["prompt_tokens"]?.int == direct.usage.promptTokens)
        #expect(usage["completion_tokens"]?.int == direct.usage.completionTokens)
        #expect(usage["total_tokens"]?.int == direct.usage.promptTokens + direct.usage.completionTokens)
        #expect(usage["prompt_tokens_details"]?["cached_tokens"]?.int != nil)
        #expect(reply["timings"]?["predicted_n"]?.int == direct.usage.completionTokens)
        // Without /v1 too.
        #expect(try await fixture.post("/chat/completions", Ask.chat)["choices"] == reply["choices"])
    }

    @Test func stream() async throws {
        let fixture = try await ServiceFixture()
        let whole = try await fixture.post(path, Ask.chat)
        let events = try await fixture.stream(path, Ask.chat)
        let first = try #require(events.first)
        #expect(first["object"] == "chat.completion.chunk")
        #expect(first["choices"]?[0]?["delta"] == ["role": "assistant", "content": ""])
        #expect(first["choices"]?[0]?["finish_reason"] == .null)
        #expect(Set(events.map { $0["id"]?.text }).count == 1)
        let text = events.compactMap { $0["choices"]?[0]?["delta"]?["content"]?.text }.joined()
        #expect(text == whole["choices"]?[0]?["message"]?["content"]?.text)
        let last = try #require(events.last)
        #expect(last["choices"]?[0]?["delta"] == [:])
        #expect(last["choices"]?[0]?["finish_reason"] == whole["choices"]?[0]?["finish_reason"])
        #expect(events.allSatisfy { $0["usage"] == nil })
    }

    @Test func streamWithUsage() async throws {
        let fixture = try await ServiceFixture()
        let whole = try await fixture.post(path, Ask.chat)
        let events = try await fixture.stream(path, Ask.chat.adding(["stream_options": ["include_usage": true]]))
        #expect(events.dropLast().allSatisfy { $0["usage"] == .null })
        let last = try #require(events.last)
        #expect(last["choices"] == [])
        #expect(last["usage"]?["completion_tokens"] == whole["usage"]?["completion_tokens"])
        #expect(last["usage"]?["prompt_tokens"] == whole["usage"]?["prompt_tokens"])
        #expect(last["timings"]?["predicted_n"] == whole["usage"]?["completion_tokens"])
    }

    @Test func choicesAndSeeds() async throws {
        let fixture = try await ServiceFixture()
        let ask = Ask.chat.adding(["n": 3, "temperature": 1.5, "seed": 7, "top_k": 0, "top_p": 1, "min_p": 0])
        let reply = try await fixture.post(path, ask)
        let choices = try #require(reply["choices"]).elements
        #expect(choices.map { $0["index"]?.int } == [0, 1, 2])
        // The seed makes them come again, and the first is the one that comes alone.
        #expect(try await fixture.post(path, ask)["choices"] == reply["choices"])
        let alone = try await fixture.post(path, ask.adding(["n": 1]))
        #expect(alone["choices"]?[0]?["message"] == choices[0]["message"])
        let sum = try #require(reply["usage"]?["completion_tokens"]?.int)
        #expect(sum > (alone["usage"]?["completion_tokens"]?.int ?? .max))
        #expect(reply["usage"]?["prompt_tokens"] == alone["usage"]?["prompt_tokens"])
        // In a stream each choice has its own events.
        let events = try await fixture.stream(path, ask)
        for index in 0..<3 {
            let own = events.filter { $0["choices"]?[0]?["index"]?.int == index }
            let text = own.compactMap { $0["choices"]?[0]?["delta"]?["content"]?.text }.joined()
            #expect(text == choices[index]["message"]?["content"]?.text)
            #expect(own.last?["choices"]?[0]?["finish_reason"] == choices[index]["finish_reason"])
        }
    }

    @Test func stopStringsAndLengths() async throws {
        let fixture = try await ServiceFixture()
        let whole = try #require(
            try await fixture.post(path, Ask.chat.adding(["max_tokens": 16]))["choices"]?[0]?["message"]?["content"]?
                .text)
        let word = try #require(whole.split(separator: " ").dropFirst().first.map(String.init))
        let stopped = try await fixture.post(path, Ask.chat.adding(["max_tokens": 16, "stop": [.string(word)]]))
        #expect(stopped["choices"]?[0]?["finish_reason"] == "stop")
        let text = try #require(stopped["choices"]?[0]?["message"]?["content"]?.text)
        #expect(whole.hasPrefix(text) && !text.contains(word))
        for key in ["max_tokens", "max_completion_tokens", "n_predict"] {
            let ask: JSONValue = ["messages": [["role": "user", "content": "Hello"]], "temperature": 0]
            let short = try await fixture.post(path, ask.adding([key: 2]))
            #expect(short["usage"]?["completion_tokens"]?.int == 2, "\(key)")
            #expect(short["choices"]?[0]?["finish_reason"] == "length")
        }
        let nothing = try await fixture.post(path, Ask.chat.adding(["max_tokens": 0]))
        #expect(nothing["choices"]?[0]?["message"]?["content"] == "")
    }

    @Test func logprobs() async throws {
        let fixture = try await ServiceFixture()
        let ask = Ask.chat.adding(["logprobs": true, "top_logprobs": 3])
        let reply = try await fixture.post(path, ask)
        let content = try #require(reply["choices"]?[0]?["logprobs"]?["content"]).elements
        #expect(content.count == reply["usage"]?["completion_tokens"]?.int)
        for entry in content {
            let top = try #require(entry["top_logprobs"]).elements
            #expect(top.count == 3)
            // Greedy takes the likeliest.
            #expect(top[0]["logprob"] == entry["logprob"])
            #expect(try #require(entry["logprob"]?.double) <= 0)
            let bytes = try #require(entry["bytes"]).elements.compactMap { $0.int.map { UInt8($0) } }
            #expect(String(decoding: bytes, as: UTF8.self) == entry["token"]?.text)
        }
        let text = content.compactMap { $0["token"]?.text }.joined()
        #expect(text.contains(reply["choices"]?[0]?["message"]?["content"]?.text ?? "?"))
        let events = try await fixture.stream(path, ask)
        let streamed = events.flatMap { $0["choices"]?[0]?["logprobs"]?["content"]?.elements ?? [] }
        #expect(streamed == content)
    }

    @Test func messagesOfAllRoles() async throws {
        let fixture = try await ServiceFixture()
        let prompt = try await fixture.post(
            "/apply-template",
            [
                "messages": [
                    ["role": "developer", "content": "Be brief."],
                    [
                        "role": "user",
                        "content": [["type": "text", "text": "One"], ["type": "text", "text": " two"]],
                    ],
                    ["role": "assistant", "content": "Three"], ["role": "user", "content": "Four", "name": "Ann"],
                ]
            ])
        let direct = try fixture.model.chatPrompt([
            .system("Be brief."), .user("One two"), .assistant("Three"), .user("Four"),
        ])
        #expect(prompt["prompt"]?.text == direct)
    }

    @Test func continuesAMessage() async throws {
        let fixture = try await ServiceFixture()
        let ask: JSONValue = [
            "messages": [["role": "user", "content": "Count"], ["role": "assistant", "content": "One, two,"]],
            "continue_final_message": true, "max_tokens": 4, "temperature": 0,
        ]
        let prompt = try #require(try await fixture.post("/apply-template", ask)["prompt"]?.text)
        #expect(prompt.hasSuffix("One, two,"))
        #expect(try await fixture.post(path, ask)["choices"]?[0]?["message"]?["content"]?.text != nil)
        let both = try await fixture.error(path, ask.adding(["add_generation_prompt": true]))
        #expect(both["param"] == "continue_final_message")
        let bare = try await fixture.post(
            "/apply-template", Ask.chat.adding(["add_generation_prompt": false]))["prompt"]?.text
        #expect(bare?.contains("Hello") == true)
        #expect(bare != (try fixture.model.chatPrompt([.user("Hello")])))
    }

    @Test func logitBias() async throws {
        let fixture = try await ServiceFixture()
        let first = try await fixture.post(path, Ask.chat.adding(["max_tokens": 1, "logprobs": true]))
        let token = try #require(first["choices"]?[0]?["logprobs"]?["content"]?[0]?["token"]?.text)
        let banned = Ask.chat.adding(["max_tokens": 1, "logprobs": true, "logit_bias": [[.string(token), false]]])
        let other = try await fixture.post(path, banned)
        #expect(other["choices"]?[0]?["logprobs"]?["content"]?[0]?["token"]?.text != token)
        let id = try #require(fixture.model.tokenizer.encode("a", parseSpecialTokens: false).last)
        let forced = try await fixture.post(
            path, Ask.chat.adding(["max_tokens": 2, "logit_bias": [String(id): 1000]]))
        #expect(
            forced["choices"]?[0]?["message"]?["content"]?.text
                == fixture.model.tokenizer.decode([id, id], skipSpecialTokens: true))
        let error = try await fixture.error(path, Ask.chat.adding(["logit_bias": ["99999999": 1]]))
        #expect(error["param"] == "logit_bias")
    }

    @Test func contextIsNotOverrun() async throws {
        let fixture = try await ServiceFixture()
        let long = String(repeating: "word ", count: 1000)
        let error = try await fixture.error(path, ["messages": [["role": "user", "content": .string(long)]]])
        #expect(error["code"] == "context_length_exceeded")
        let streamed = try await fixture.error(
            path, ["messages": [["role": "user", "content": .string(long)]], "stream": true])
        #expect(streamed["code"] == "context_length_exceeded")
    }
}
