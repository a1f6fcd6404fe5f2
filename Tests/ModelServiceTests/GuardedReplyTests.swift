import Kite
import ModelFiles
import Testing

@testable import ModelService

/// Forbids whatever has one of its words.
private struct WordGuard: ContentGuard {
    var name = "words"
    var directions = GuardDirections.both
    var words: [String]

    func review(_ content: GuardedContent) async throws -> GuardVerdict {
        let text = content.answer ?? content.prompt.map(\.content).joined(separator: "\n")
        return words.contains { text.contains($0) } ? .blocked(reason: "a word") : .allowed
    }
}

/// A guard that cannot look.
private struct BrokenGuard: ContentGuard {
    struct Failure: Error {}
    var name = "broken"
    var directions: GuardDirections
    func review(_ content: GuardedContent) async throws -> GuardVerdict { throw Failure() }
}

struct GuardedReplyTests {
    private let path = "/v1/chat/completions"

    @Test func forbiddenQuestion() async throws {
        let fixture = try await ServiceFixture(guards: [WordGuard(words: ["Hello"])])
        let reply = try await fixture.post(path, Ask.chat.adding(["n": 2]))
        let choices = try #require(reply["choices"]).elements
        #expect(choices.count == 2)
        #expect(choices[0]["finish_reason"] == "content_filter")
        #expect(choices[0]["message"]?["content"] == .null)
        #expect(choices[0]["message"]?["refusal"]?.text?.isEmpty == false)
        #expect(reply["usage"]?["completion_tokens"] == 0)
        let events = try await fixture.stream(path, Ask.chat)
        #expect(events.contains { $0["choices"]?[0]?["delta"]?["refusal"]?.text != nil })
        #expect(events.last?["choices"]?[0]?["finish_reason"] == "content_filter")
        let plain = try await fixture.error("/v1/completions", Ask.completion.adding(["prompt": "Hello"]))
        #expect(plain["code"] == "content_filter")
    }

    @Test func forbiddenAnswer() async throws {
        let open = try await ServiceFixture()
        let text = try #require(try await open.post(path, Ask.chat)["choices"]?[0]?["message"]?["content"]?.text)
        let word = try #require(text.split(separator: " ").last.map(String.init))
        let fixture = try await ServiceFixture(guards: [WordGuard(directions: .output, words: [word])])
        let reply = try await fixture.post(path, Ask.chat)
        #expect(reply["choices"]?[0]?["finish_reason"] == "content_filter")
        #expect(reply["choices"]?[0]?["message"]?["content"] == .null)
        let events = try await fixture.stream(path, Ask.chat)
        // A guard that judges whole answers lets nothing out before.
        #expect(events.allSatisfy { ($0["choices"]?[0]?["delta"]?["content"]?.text ?? "").isEmpty })
        #expect(events.last?["choices"]?[0]?["finish_reason"] == "content_filter")
        // What is not forbidden comes through whole, in a stream too.
        let other = try await ServiceFixture(guards: [WordGuard(words: ["@@@"])])
        #expect(try await other.post(path, Ask.chat)["choices"]?[0]?["message"]?["content"]?.text == text)
        let allowed = try await other.stream(path, Ask.chat)
        #expect(allowed.compactMap { $0["choices"]?[0]?["delta"]?["content"]?.text }.joined() == text)
    }

    @Test func nothingPassesUnguarded() async throws {
        let input = try await ServiceFixture(guards: [BrokenGuard(directions: .input)])
        #expect(try await input.error(path, Ask.chat, status: 503)["code"] == "guard_failed")
        let output = try await ServiceFixture(guards: [BrokenGuard(directions: .output)])
        #expect(try await output.error(path, Ask.chat, status: 503)["code"] == "guard_failed")
        let reply = await output.send("POST", path, body: try Ask.chat.adding(["stream": true]).encoded())
        guard case .stream(_, _, let body) = reply else { throw UnexpectedReply(reply) }
        var text = ""
        for await piece in body { text += String(decoding: piece, as: UTF8.self) }
        #expect(text.contains("\"code\":\"guard_failed\""))
        #expect(text.hasSuffix("data: [DONE]\n\n"))
    }
}
