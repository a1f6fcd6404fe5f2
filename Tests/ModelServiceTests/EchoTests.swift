import Kite
import ModelFiles
import Testing

@testable import ModelService

/// What lm-eval's `local-completions` and `gguf` read.
struct EchoTests {
    private let path = "/v1/completions"

    /// A prompt's tokens with the request that measures them.
    private func measure(_ tokens: [TokenID], _ more: JSONValue = [:]) -> JSONValue {
        let base: JSONValue = ["temperature": 0, "max_tokens": 1, "logprobs": 1, "echo": true, "seed": 1234]
        return base.adding(["prompt": .array([.array(tokens.map { .integer(Int64($0)) })])]).adding(more)
    }

    @Test func oneEntryForEachTokenAndOneMore() async throws {
        let fixture = try await ServiceFixture()
        let tokens = fixture.model.tokenizer.encode("The quick brown fox jumps over", addSpecialTokens: true)
        let reply = try await fixture.post(path, measure(tokens))
        let choice = try #require(reply["choices"]?[0])
        let logprobs = try #require(choice["logprobs"])
        let values = try #require(logprobs["token_logprobs"]).elements
        let top = try #require(logprobs["top_logprobs"]).elements
        try #require(values.count == tokens.count + 1)
        try #require(top.count == tokens.count + 1)
        #expect(try #require(logprobs["tokens"]).elements.count == tokens.count + 1)
        #expect(try #require(logprobs["text_offset"]).elements.count == tokens.count + 1)
        #expect(values[0] == .null && top[0] == .null)
        for (value, alternatives) in zip(values, top).dropFirst() {
            let logprob = try #require(value.double)
            guard case .object(let object) = alternatives else { throw UnexpectedReply(text: "no object") }
            let best = try #require(object.members.compactMap(\.value.double).max())
            #expect(best >= logprob)
            // Which token has it is told too, and is the likeliest when it was chosen greedily.
            #expect(object.members.contains { $0.value.double == logprob })
        }
        let last = try #require(top.last)
        guard case .object(let object) = last else { throw UnexpectedReply(text: "no object") }
        #expect(object.members.map(\.value) == [values[values.count - 1]])
        // Whatever else is measured beside it, and streamed too.
        let twice = try await fixture.post(
            path, measure(tokens, ["prompt": .array([.array([5, 6, 7]), .array(tokens.map { .integer(Int64($0)) })])]))
        #expect(twice["choices"]?[1]?["logprobs"] == logprobs)
        let events = try await fixture.stream(path, measure(tokens))
        let streamed = events.flatMap { $0["choices"]?[0]?["logprobs"]?["token_logprobs"]?.elements ?? [] }
        #expect(streamed == values)
    }

    @Test func logprobsOfAReplyHaveALimit() async throws {
        var options = ServiceOptions()
        options.maximumLogprobs = 120
        let fixture = try await ServiceFixture(options)
        let tokens = Array(repeating: TokenID(5), count: 20)
        for more in [["logprobs": 6], ["n": 4]] as [JSONValue] {
            let error = try await fixture.error(path, measure(tokens, more))
            #expect(error["code"] == "too_many_logprobs" && error["param"] == "logprobs")
        }
        let prompts = JSONValue.array(Array(repeating: .array(Array(repeating: 5, count: 20)), count: 4))
        #expect(try await fixture.error(path, measure(tokens, ["prompt": prompts]))["code"] == "too_many_logprobs")
        _ = try await fixture.post(path, measure(tokens, ["logprobs": 5]))
        _ = try await fixture.post(path, measure(tokens, ["n": 4, "echo": false]))
    }

    @Test func promptOnly() async throws {
        let fixture = try await ServiceFixture()
        let tokens = fixture.model.tokenizer.encode("A small house", addSpecialTokens: true)
        let one = try await fixture.post(path, measure(tokens))
        let none = try await fixture.post(path, measure(tokens, ["max_tokens": 0]))
        let all = try #require(one["choices"]?[0]?["logprobs"]?["token_logprobs"]).elements
        #expect(none["choices"]?[0]?["logprobs"]?["token_logprobs"]?.elements == all.dropLast())
        #expect(none["choices"]?[0]?["text"]?.text == fixture.model.tokenizer.decode(tokens))
        #expect(none["usage"]?["completion_tokens"] == 0)
    }

    @Test func anEndingTokenHasItsEntry() async throws {
        let fixture = try await ServiceFixture()
        let eos = try #require(fixture.model.tokenizer.eosToken)
        let tokens = fixture.model.tokenizer.encode("The end", addSpecialTokens: true)
        let reply = try await fixture.post(path, measure(tokens, ["logit_bias": [String(eos): 100000]]))
        let choice = try #require(reply["choices"]?[0])
        #expect(choice["finish_reason"] == "stop")
        #expect(choice["logprobs"]?["token_logprobs"]?.elements.count == tokens.count + 1)
        #expect(choice["logprobs"]?["tokens"]?.elements.last?.text == fixture.model.tokenizer.piece(of: eos))
    }

    @Test func oneTokenMoreThanTheContext() async throws {
        let fixture = try await ServiceFixture()
        let length = fixture.model.contextLength
        let word = fixture.model.tokenizer.encode(String(repeating: "one two three ", count: length))
        let tokens = Array(word.prefix(length + 1))
        let reply = try await fixture.post(path, measure(tokens))
        let values = try #require(reply["choices"]?[0]?["logprobs"]?["token_logprobs"]).elements
        try #require(values.count == length + 2)
        #expect(values.dropFirst().dropLast().allSatisfy { $0.double != nil })
        // The tokens before count as they do in a text that fits.
        let shorter = try await fixture.post(path, measure(Array(tokens.dropLast())))
        let known = try #require(shorter["choices"]?[0]?["logprobs"]?["token_logprobs"]).elements
        #expect(known.dropLast() == values.dropLast(2))
        let more = Array(word.prefix(length + 2))
        #expect(try await fixture.error(path, measure(more))["code"] == "context_length_exceeded")
    }

    @Test func offsetsCountCodePoints() async throws {
        let fixture = try await ServiceFixture()
        let text = "Zoë 🪁 naïv — fin"
        let reply = try await fixture.post(
            path, ["prompt": .string(text), "echo": true, "logprobs": 10, "max_tokens": 1, "temperature": 0])
        let choice = try #require(reply["choices"]?[0])
        let whole = try #require(choice["text"]?.text)
        #expect(whole.hasPrefix(text))
        let offsets = try #require(choice["logprobs"]?["text_offset"]).elements.compactMap(\.int)
        let names = try #require(choice["logprobs"]?["tokens"]).elements.compactMap(\.text)
        #expect(offsets == offsets.sorted())
        let scalars = Array(whole.unicodeScalars)
        for (index, name) in names.enumerated() where !name.hasPrefix("bytes:") && !name.isEmpty {
            guard !fixture.model.tokenizer.isSpecial(fixture.model.tokenizer.id(of: name) ?? -1) else { continue }
            try #require(offsets[index] <= scalars.count)
            let slice = scalars[offsets[index]...].prefix(name.unicodeScalars.count)
            #expect(Array(slice) == Array(name.unicodeScalars), "token \(index)")
        }
        #expect(names.contains { $0.hasPrefix("bytes:\\x") })
        // The generated token begins where the prompt ends, with echo or without.
        #expect(offsets.last == text.unicodeScalars.count)
        let bare = try await fixture.post(
            path, ["prompt": .string(text), "logprobs": 1, "max_tokens": 1, "temperature": 0])
        #expect(bare["choices"]?[0]?["logprobs"]?["text_offset"]?.elements.first?.int == text.unicodeScalars.count)
    }

    @Test func offsetsOfTextThatIsNormalized() async throws {
        let fixture = try await ServiceFixture()
        let text = "na\u{0308}iv"
        let reply = try await fixture.post(
            path, ["prompt": .string(text), "echo": true, "logprobs": 1, "max_tokens": 1, "temperature": 0])
        let choice = try #require(reply["choices"]?[0])
        // The prompt comes back as it was, and the answer begins where it ends.
        #expect(choice["text"]?.text.map { Array($0.unicodeScalars).starts(with: text.unicodeScalars) } == true)
        #expect(choice["logprobs"]?["text_offset"]?.elements.last?.int == text.unicodeScalars.count)
    }
}
