import Kite
import ModelFiles
import Testing

@testable import ModelService

struct StreamTests {
    private let long = Ask.chat.adding(["max_tokens": 400, "ignore_eos": true, "stream": true])

    /// Waits until the engine has nothing to do.
    private func untilIdle(_ model: LanguageModel) async throws {
        for _ in 0..<500 {
            let now = model.engineStatistics
            if now.running == 0, now.waiting == 0 { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("the engine is still at work")
    }

    @Test func droppingABodyEndsTheWork() async throws {
        let model = try await LanguageModel.load(.nano, options: .init(contextLength: 512))
        let told = Told()
        let service = ModelService(
            models: ModelRegistry(model, name: "nano"), metrics: nil, observer: { told.add($0) })
        for path in ["/v1/chat/completions", "/v1/completions"] {
            let body = try long.adding(["prompt": ["One", "Two"]]).encoded()
            let reply = await service.reply(to: ServiceRequest(method: "POST", path: path, body: body))
            guard case .stream(_, _, let pieces) = reply else { throw UnexpectedReply(reply) }
            var count = 0
            for await _ in pieces {
                count += 1
                if count == 3 { break }
            }
        }
        try await untilIdle(model)
        #expect(told.all.count == 2)
        for summary in told.all {
            #expect(summary.isStream && summary.completionTokens > 0)
            #expect(!summary.finishReasons.isEmpty && summary.finishReasons.allSatisfy { $0 == "cancelled" })
        }
    }

    @Test func cancellingTheReaderEndsTheWork() async throws {
        let model = try await LanguageModel.load(.nano, options: .init(contextLength: 512))
        let service = ModelService(models: ModelRegistry(model, name: "nano"))
        for stream in [true, false] {
            for path in ["/v1/chat/completions", "/v1/completions"] {
                let body = try long.adding(["prompt": ["One", "Two"], "stream": .bool(stream)]).encoded()
                let task = Task {
                    let reply = await service.reply(to: ServiceRequest(method: "POST", path: path, body: body))
                    if case .stream(_, _, let pieces) = reply { for await _ in pieces {} }
                }
                try await Task.sleep(for: .milliseconds(60))
                task.cancel()
                await task.value
            }
        }
        try await untilIdle(model)
        // And it answers as before.
        let reply = await service.reply(
            to: ServiceRequest(method: "POST", path: "/v1/completions", body: try Ask.completion.encoded()))
        #expect(reply.status == 200)
    }

    @Test func manyPromptsThroughASlowReader() async throws {
        let fixture = try await ServiceFixture()
        let prompts = JSONValue.array((0..<6).map { .string("Number \($0)") })
        let ask = Ask.completion.adding(["prompt": prompts, "max_tokens": 40, "ignore_eos": true])
        let whole = try #require(try await fixture.post("/v1/completions", ask)["choices"]).elements
        let reply = await fixture.send("POST", "/v1/completions", body: try ask.adding(["stream": true]).encoded())
        guard case .stream(_, _, let body) = reply else { throw UnexpectedReply(reply) }
        var bytes: [UInt8] = []
        for await piece in body {
            bytes += piece
            await Task.yield()
        }
        let events = try String(decoding: bytes, as: UTF8.self).split(separator: "\n\n").dropLast().map {
            try JSONValue(parsing: String($0.dropFirst(6)))
        }
        for (index, choice) in whole.enumerated() {
            let own = events.filter { $0["choices"]?[0]?["index"]?.int == index }
            #expect(own.compactMap { $0["choices"]?[0]?["text"]?.text }.joined() == choice["text"]?.text)
        }
    }

    @Test func timeIsUp() async throws {
        let fixture = try await ServiceFixture()
        for (path, base) in [("/v1/chat/completions", Ask.chat), ("/v1/completions", Ask.completion)] {
            let ask = base.adding(["max_tokens": 300, "ignore_eos": true, "n": 16])
            let error = try await fixture.error(path, ask.adding(["timeout": 0.002]), status: 408)
            #expect(error["code"] == "deadline_exceeded")
            #expect(error["param"] == "timeout")
            // The same limit in llama.cpp's words leaves what there is, if there is any by then.
            let body = try ask.adding(["t_max_predict_ms": 40]).encoded()
            let reply = await fixture.send("POST", path, body: body)
            #expect([200, 408].contains(reply.status))
        }
    }

    @Test func eventsAreWrittenInMicroseconds() {
        let writer = ChatChunkWriter(ReplyIdentity(prefix: "chatcmpl-", model: "nano"), includesUsage: false)
        let clock = ContinuousClock()
        let count = 20_000
        var bytes = 0
        let time = clock.measure {
            for _ in 0..<count { bytes += writer.update(0, .content(" \"kite\"\n")).count }
        }
        #expect(bytes > count * 200)
        // 20 microseconds each are wanted; a busy machine gets ten times as long.
        #expect(time < .seconds(4))
        print("an event takes \(time / count)")
    }
}
