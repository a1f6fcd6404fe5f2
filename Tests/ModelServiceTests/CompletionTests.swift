import Kite
import ModelFiles
import Testing

@testable import ModelService

struct CompletionTests {
    private let path = "/v1/completions"

    @Test func wholeReplyAndStream() async throws {
        let fixture = try await ServiceFixture()
        let reply = try await fixture.post(path, Ask.completion)
        #expect(reply["object"] == "text_completion")
        #expect(reply["id"]?.text?.hasPrefix("cmpl-") == true)
        let text = try #require(reply["choices"]?[0]?["text"]?.text)
        let direct = try await fixture.model.generate(
            "Once upon a time", options: .init(sampling: .greedy, maximumResponseTokens: 8)
        ).collect()
        #expect(text == direct.content)
        #expect(reply["choices"]?[0]?["logprobs"] == .null)
        #expect(reply["usage"]?["completion_tokens"]?.int == direct.usage.completionTokens)
        let events = try await fixture.stream(path, Ask.completion.adding(["stream_options": ["include_usage": true]]))
        #expect(events.compactMap { $0["choices"]?[0]?["text"]?.text }.joined() == text)
        #expect(events.last?["choices"] == [])
        #expect(events.last?["usage"]?["total_tokens"] == reply["usage"]?["total_tokens"])
        #expect(events.dropLast().last?["choices"]?[0]?["finish_reason"] == reply["choices"]?[0]?["finish_reason"])
    }

    @Test func sixteenTokensWhenNothingIsSaid() async throws {
        let fixture = try await ServiceFixture()
        let reply = try await fixture.post(path, ["prompt": "The", "temperature": 0, "ignore_eos": true])
        #expect(reply["usage"]?["completion_tokens"] == 16)
        #expect(reply["choices"]?[0]?["finish_reason"] == "length")
    }

    @Test func promptsOfAllShapes() async throws {
        let fixture = try await ServiceFixture()
        let tokenizer = fixture.model.tokenizer
        let texts = ["One day", "The cat sat"]
        let ids = texts.map { text -> JSONValue in
            .array(tokenizer.encode(text, addSpecialTokens: true).map { .integer(Int64($0)) })
        }
        let alone = try await fixture.post(path, Ask.completion.adding(["prompt": .string(texts[0])]))
        #expect(
            try await fixture.post(path, Ask.completion.adding(["prompt": ids[0]]))["choices"] == alone["choices"])
        let many = try await fixture.post(
            path, Ask.completion.adding(["prompt": .array(texts.map { .string($0) }), "n": 2]))
        let choices = try #require(many["choices"]).elements
        #expect(choices.map { $0["index"]?.int } == [0, 1, 2, 3])
        #expect(choices[0]["text"] == alone["choices"]?[0]?["text"])
        #expect(choices[0]["text"] == choices[1]["text"] && choices[2]["text"] == choices[3]["text"])
        let byTokens = try await fixture.post(path, Ask.completion.adding(["prompt": .array(ids), "n": 2]))
        #expect(byTokens["choices"] == many["choices"])
        #expect(byTokens["usage"]?["prompt_tokens"] == many["usage"]?["prompt_tokens"])
        // Streamed, each prompt's events carry its index.
        let events = try await fixture.stream(path, Ask.completion.adding(["prompt": .array(ids), "n": 2]))
        for (index, choice) in choices.enumerated() {
            let own = events.filter { $0["choices"]?[0]?["index"]?.int == index }
            #expect(own.compactMap { $0["choices"]?[0]?["text"]?.text }.joined() == choice["text"]?.text)
        }
    }

    @Test func badPrompts() async throws {
        let fixture = try await ServiceFixture()
        let bad: [JSONValue] = [
            .null, 1, true, [:], [], [[]], [[1], "x", 2], [[1], "x"], ["x", [1]], [1, "x"], [-1], [1.5], [99_999_999],
            [[99_999_999]],
            [9_007_199_254_740_993], "",
        ]
        for prompt in bad {
            let error = try await fixture.error(path, Ask.completion.adding(["prompt": prompt]))
            #expect(error["param"] == "prompt", "\(prompt)")
        }
        let many = JSONValue.array(Array(repeating: "x", count: 300))
        #expect(try await fixture.error(path, Ask.completion.adding(["prompt": many]))["param"] == "prompt")
    }

    @Test func suffixAndBestOfAreRefusedByName() async throws {
        let fixture = try await ServiceFixture()
        let suffix = try await fixture.error(path, Ask.completion.adding(["suffix": "end"]))
        #expect(suffix["param"] == "suffix")
        #expect(suffix["code"] == "unsupported_parameter")
        #expect(try await fixture.error(path, Ask.completion.adding(["best_of": 3]))["param"] == "best_of")
        _ = try await fixture.post(path, Ask.completion.adding(["best_of": 2, "n": 2, "suffix": .null]))
    }
}
