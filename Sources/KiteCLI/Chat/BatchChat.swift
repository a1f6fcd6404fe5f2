import Kite

/// A conversation without a terminal: messages in, answers out.
struct BatchChat {
    let session: LanguageModelSession
    let settings: ChatSettings
    let asJSON: Bool

    /// Answers the messages one after the other.
    func run(_ messages: [String]) async throws {
        for message in messages {
            let ending = LastByte()
            let isPlain = !asJSON
            let stream = session.streamResponse(to: message, options: settings.options)
            let response = try await AnswerReader.read(stream) { delta in
                guard isPlain else { return }
                Console.write(delta)
                ending.note(delta)
            }
            if asJSON {
                let isPretty = messages.count == 1 && SystemIO.isTerminal(1)
                try Console.writeJSON(response.json(model: session.model.name), pretty: isPretty)
            } else if !ending.isLineBreak {
                Console.write("\n")
            }
            for notice in ContextNotice.lines(for: response, contextLength: session.model.contextLength) {
                Console.warning(notice)
            }
            if settings.isVerbose { Console.note(response.timingLine) }
            if response.finishReason == .cancelled { throw CLIError.interrupted }
        }
    }
}
