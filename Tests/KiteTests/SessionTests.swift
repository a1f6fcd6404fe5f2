import Testing

@testable import Kite

/// The contract of `LanguageModelSession`, on the built-in model.
@Suite struct SessionTests {
    private static let greedy = GenerationOptions(sampling: .greedy, maximumResponseTokens: 200)

    private func model(_ options: LoadOptions = .init()) async throws -> LanguageModel {
        try await LanguageModel.load(.nano, options: options)
    }

    @Test func answersAndRemembers() async throws {
        let session = LanguageModelSession(model: try await model())
        let first = try await session.respond(to: "What is the capital of Peru?", options: Self.greedy)
        #expect(first.content == "The capital of Peru is Lima.")
        #expect(first.finishReason == .stop)
        #expect(first.usage.cachedPromptTokens == 0)
        _ = try await session.respond(to: "My name is Clara.", options: Self.greedy)
        let third = try await session.respond(to: "What is my name?", options: Self.greedy)
        #expect(third.content.contains("Clara"))
        #expect(third.usage.cachedPromptTokens > 20)
        #expect(session.transcript.entries.count == 6)
    }

    @Test func streamsWhatItReturns() async throws {
        let session = LanguageModelSession(model: try await model())
        let stream = session.streamResponse(to: "Count from 3 to 9.", options: Self.greedy)
        var text = ""
        var content = ""
        for try await snapshot in stream {
            text += snapshot.delta
            content = snapshot.content
        }
        #expect(text == "3, 4, 5, 6, 7, 8, 9")
        #expect(content == text)
        #expect(stream.response?.content == text)
    }

    @Test func leavingTheLoopStopsTheModelAndTheSessionGoesOn() async throws {
        let session = LanguageModelSession(model: try await model())
        var options = Self.greedy
        options.ignoresEndOfGeneration = true
        options.maximumResponseTokens = nil
        let stream = session.streamResponse(to: "Count from 1 to 9.", options: options)
        for try await snapshot in stream where snapshot.tokenCount >= 3 { break }
        let next = try await session.respond(to: "What is the capital of Peru?", options: Self.greedy)
        #expect(next.content == "The capital of Peru is Lima.")
        let abandoned = try #require(stream.response)
        #expect(abandoned.finishReason == .cancelled)
        #expect(abandoned.tokens.count < 80)
        #expect(session.transcript.entries[1].content == abandoned.content)
    }

    /// A question that is taken back while another is being answered was never asked.
    @Test func cancelledBeforeItsTurnLeavesNoTrace() async throws {
        let session = LanguageModelSession(model: try await model())
        var options = Self.greedy
        options.ignoresEndOfGeneration = true
        options.maximumResponseTokens = nil
        // Nobody reads on, so it waits.
        var first = session.streamResponse(to: "Count from 1 to 9.", options: options).makeAsyncIterator()
        _ = try await first.next()
        let second = Task { try await session.respond(to: "Hello", options: Self.greedy) }
        try await Task.sleep(for: .milliseconds(30))
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        while try await first.next() != nil {}
        _ = try await session.respond(to: "What is the capital of Peru?", options: Self.greedy)
        let questions = session.transcript.entries.filter { $0.role == .user }.map(\.content)
        #expect(questions == ["Count from 1 to 9.", "What is the capital of Peru?"])
        #expect(session.transcript.entries.count == 4)
    }

    @Test func cancellingTheTaskThrowsCancellation() async throws {
        let session = LanguageModelSession(model: try await model())
        var options = Self.greedy
        options.ignoresEndOfGeneration = true
        options.maximumResponseTokens = nil
        let endless = options
        let task = Task { try await session.respond(to: "Count from 1 to 9.", options: endless) }
        try await Task.sleep(for: .milliseconds(50))
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        let next = try await session.respond(to: "What is the capital of Peru?", options: Self.greedy)
        #expect(next.content == "The capital of Peru is Lima.")
    }

    @Test func requestsWaitForThoseBefore() async throws {
        let session = LanguageModelSession(model: try await model())
        let streams = (1...4).map { session.streamResponse(to: "What is \($0) plus \($0)?", options: Self.greedy) }
        var answers: [String] = []
        for stream in streams { answers.append(try await stream.collect().content) }
        #expect(answers.map { String($0.prefix(7)) } == ["1 + 1 =", "2 + 2 =", "3 + 3 =", "4 + 4 ="])
        #expect(session.transcript.entries.count == 8)
    }

    @Test func slowReadersHoldTheModelBack() async throws {
        let model = try await model()
        let session = LanguageModelSession(model: model)
        var options = Self.greedy
        options.ignoresEndOfGeneration = true
        options.maximumResponseTokens = 600
        let stream = session.streamResponse(to: "Count from 1 to 9.", options: options)
        var iterator = stream.makeAsyncIterator()
        _ = try await iterator.next()
        try await Task.sleep(for: .milliseconds(300))
        #expect(session.tokensInContext < 200)
        var tokens = 0
        while let snapshot = try await iterator.next() { tokens = snapshot.tokenCount }
        #expect(tokens == 600)
    }

    @Test func failureLeavesTheTranscriptAlone() async throws {
        let session = LanguageModelSession(model: try await model(.init(contextLength: 32)))
        let long = String(repeating: "word ", count: 100)
        await #expect(throws: GenerationError.self) { try await session.respond(to: long, options: Self.greedy) }
        #expect(session.transcript.entries.isEmpty)
        #expect(session.isResponding == false)
    }

    /// What was asked before is still there after a question that was too long.
    @Test func failureForgetsNothing() async throws {
        let model = try await model(.init(contextLength: 128))
        let sessions = (LanguageModelSession(model: model), LanguageModelSession(model: model))
        for session in [sessions.0, sessions.1] {
            _ = try await session.respond(to: "What is 1 plus 1?", options: Self.greedy)
        }
        let long = String(repeating: "word ", count: 200)
        await #expect(throws: GenerationError.self) { try await sessions.0.respond(to: long, options: Self.greedy) }
        let after = try await sessions.0.respond(to: "What is 2 plus 1?", options: Self.greedy)
        let plain = try await sessions.1.respond(to: "What is 2 plus 1?", options: Self.greedy)
        #expect(after.usage.promptTokens == plain.usage.promptTokens && after.droppedTurns == 0)
    }

    /// Messages that were replaced meanwhile stay as they were put, however the answer ends.
    @Test func whatIsClearedStaysCleared() async throws {
        let session = LanguageModelSession(model: try await model())
        let options = GenerationOptions(
            sampling: .greedy, maximumResponseTokens: 200, ignoresEndOfGeneration: true)
        var reader = session.streamResponse(to: "Hello", options: options).makeAsyncIterator()
        _ = try await reader.next()
        session.clear()
        session.setInstructions("new")
        while try await reader.next() != nil {}
        #expect(session.transcript.entries.isEmpty && session.transcript.instructions == "new")
        await #expect(throws: GenerationError.self) {
            try await session.respond(to: String(repeating: "word ", count: 5000), options: options)
        }
        #expect(session.transcript.entries.isEmpty && session.transcript.instructions == "new")
    }

    /// A request's time includes what it waits for those before it.
    @Test(.timeLimit(.minutes(1))) func aDeadlineCountsWhileOthersAreAnswered() async throws {
        let session = LanguageModelSession(model: try await model())
        var endless = GenerationOptions(sampling: .greedy, ignoresEndOfGeneration: true)
        var reader = session.streamResponse(to: "Hello", options: endless).makeAsyncIterator()
        _ = try await reader.next()
        endless.deadline = .milliseconds(200)
        await #expect(throws: GenerationError.deadlineExceeded) {
            try await session.respond(to: "And now?", options: endless)
        }
        #expect(session.transcript.entries.count == 1)
        while try await reader.next() != nil {}
        #expect(session.transcript.entries.count == 2)
    }

    @Test func oldTurnsMakeRoom() async throws {
        let session = LanguageModelSession(model: try await model(.init(contextLength: 96)))
        var dropped = 0
        for number in 1...8 {
            let answer = try await session.respond(to: "What is \(number) plus 1?", options: Self.greedy)
            #expect(answer.content.hasPrefix("\(number) + 1 ="))
            dropped += answer.droppedTurns
        }
        #expect(dropped > 0)
        #expect(session.transcript.entries.count == 16)
    }

    /// Thousands of turns are left out in a few steps, and no more of them than must be.
    @Test(.timeLimit(.minutes(1))) func thousandsOfTurnsMakeRoom() async throws {
        let model = try await model(.init(contextLength: 96))
        var transcript = Transcript()
        for number in 0..<3000 {
            transcript.entries.append(.init(role: .user, content: "What is \(number % 8 + 1) plus 1?"))
            transcript.entries.append(.init(role: .assistant, content: "\(number % 8 + 1) + 1 = \(number % 8 + 2)."))
        }
        let session = LanguageModelSession(model: model, transcript: transcript)
        var options = Self.greedy
        options.maximumResponseTokens = 8
        let answer = try await session.respond(to: "What is 3 plus 1?", options: options)
        #expect(answer.content.hasPrefix("3 + 1 ="))
        let asked = transcript.entries + [.init(role: .user, content: "What is 3 plus 1?")]
        let kept = asked.dropFirst(answer.droppedTurns * 2)
        #expect(answer.usage.promptTokens == (try model.chatTokens(nil, kept).count))
        #expect(answer.usage.promptTokens + 8 <= 96)
        #expect(try model.chatTokens(nil, asked.dropFirst((answer.droppedTurns - 1) * 2)).count + 8 > 96)
    }

    @Test func regeneratesTheLastAnswer() async throws {
        let session = LanguageModelSession(model: try await model())
        await #expect(throws: GenerationError.nothingToRegenerate) {
            try await session.streamRegeneration(options: Self.greedy).collect()
        }
        let first = try await session.respond(to: "What is 47 plus 38?", options: Self.greedy)
        let again = try await session.streamRegeneration(options: Self.greedy).collect()
        #expect(first.content == again.content)
        #expect(session.transcript.entries.count == 2)
    }

    @Test func stopsBeforeAStopString() async throws {
        let session = LanguageModelSession(model: try await model())
        var options = Self.greedy
        options.stop = [", 6"]
        let answer = try await session.respond(to: "Count from 3 to 9.", options: options)
        #expect(answer.content == "3, 4, 5")
        #expect(answer.finishReason == .stopSequence(", 6"))
    }

    @Test func sameSeedSameAnswer() async throws {
        let model = try await model()
        var options = GenerationOptions(maximumResponseTokens: 40)
        options.sampling.temperature = 1.5
        options.sampling.seed = 7
        var answers: Set<String> = []
        for _ in 0..<3 {
            answers.insert(try await LanguageModelSession(model: model).respond(to: "Hello", options: options).content)
        }
        #expect(answers.count == 1)
    }

    /// The promise: identical for 1 and 2 threads and prompt chunks of 1, 7 and 512.
    @Test(arguments: [1, 2], [1, 7, 512])
    func answersDoNotDependOnThreadsOrChunks(threads: Int, chunk: Int) async throws {
        let session = LanguageModelSession(model: try await model(.init(threads: threads, promptChunk: chunk)))
        let synonyms = try await session.respond(to: "List 10 synonyms for the word \"tiny\"", options: Self.greedy)
        #expect(
            synonyms.content == """
                1. Dwarf
                2. Little
                3. Petite
                4. Miniature
                5. Small
                6. Compact
                7. Cramped
                8. Wee
                9. Nibble
                10. Crumble
                """)
        session.clear()
        let capital = try await session.respond(to: "What is the capital of Peru?", options: Self.greedy)
        #expect(capital.content == "The capital of Peru is Lima.")
    }
}
