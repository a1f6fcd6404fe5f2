import Kite

/// The conversation at the terminal.
struct ChatLoop {
    private let session: LanguageModelSession
    private let settings: ChatSettings
    private var reader: LineReader
    private var last: Response?
    private var answers = 0
    private var answerTokens = 0
    /// Whether Ctrl-C was the last thing that happened, so that the next one leaves.
    private var wasInterrupted = false

    init(session: LanguageModelSession, settings: ChatSettings, history: History) {
        self.session = session
        self.settings = settings
        reader = LineReader(prompt: "> ", history: history, completions: SlashCommand.completions)
    }

    /// Holds the conversation until the user leaves.
    /// - Throws: ``CLIError/interrupted`` when Ctrl-C was the way out.
    mutating func run(first: String?, leavesAfterFirst: Bool) async throws {
        greet()
        if let first {
            Console.note("> \(first)", style: .bold)
            try await answer { [session, settings] in session.streamResponse(to: first, options: settings.options) }
            if leavesAfterFirst { return }
        }
        while true {
            switch reader.read() {
            case .end: return
            case .interrupted(let discarded):
                if wasInterrupted, !discarded { throw CLIError.interrupted }
                wasInterrupted = !discarded
                if !discarded { Console.note("Ctrl-C again, Ctrl-D or /exit leaves") }
            case .line(let line):
                wasInterrupted = false
                if let command = SlashCommand(line) {
                    if command == .exit { return }
                    try await perform(command)
                    continue
                }
                let message = MessageSyntax.message(line)
                guard !message.isEmpty else { continue }
                try await answer { [session, settings] in
                    session.streamResponse(to: message, options: settings.options)
                }
            }
        }
    }

    private func greet() {
        let model = session.model
        let context = Format.count(model.contextLength)
        Console.note("\(model.name) · \(context) tokens of context · \(Format.plural(model.threads, "thread"))")
        Console.note("/help lists the commands; Ctrl-C stops an answer, Ctrl-D leaves")
    }

    private mutating func answer(_ start: () -> ResponseStream) async throws {
        TerminalMode.enterQuiet()
        defer { TerminalMode.restore() }
        let ending = LastByte()
        do {
            let response = try await AnswerReader.read(start()) { delta in
                // Spaces and line breaks before the first word are an artefact of some chat formats.
                let text = ending.isAtStart ? String(delta.drop(while: \.isWhitespace)) : delta
                Console.write(TerminalText.harmless(text))
                ending.note(text)
            }
            last = response
            answers += 1
            answerTokens += response.usage.completionTokens
            finish(response, ending)
        } catch let error as CLIError where error.status == .interrupted {
            wasInterrupted = true
            Console.note("stopped")
        } catch {
            if !ending.isAtStart { Console.write("\n") }
            Console.error(String(describing: error))
        }
    }

    private mutating func finish(_ response: Response, _ ending: LastByte) {
        if !ending.isLineBreak { Console.write("\n") }
        if response.finishReason == .cancelled {
            wasInterrupted = true
            Console.note("stopped; Ctrl-C again leaves")
        } else if response.finishReason == .length {
            Console.note("stopped after \(Format.plural(response.usage.completionTokens, "token")) (-n)")
        }
        for notice in ContextNotice.lines(for: response, contextLength: session.model.contextLength) {
            Console.note(notice, style: .yellow)
        }
        if settings.isVerbose { Console.note(response.timingLine) }
    }

    private mutating func perform(_ command: SlashCommand) async throws {
        switch command {
        case .help: Console.noteLines(SlashCommand.helpText)
        case .clear:
            session.clear()
            Console.note("the conversation is forgotten")
        case .system(let text): changeSystem(text)
        case .regenerate:
            try await answer { [session, settings] in session.streamRegeneration(options: settings.options) }
        case .save(let path): report { try save(to: path) }
        case .load(let path): report { try load(from: path) }
        case .stats: Console.noteLines(statistics)
        case .incomplete(let usage): Console.note("what file? \(usage)", style: .yellow)
        case .unknown(let name, let suggestions):
            let hint =
                suggestions.isEmpty ? "/help lists them" : "did you mean \(suggestions.joined(separator: " or "))?"
            Console.note("there is no command \(name): \(hint)", style: .yellow)
        case .exit: break
        }
    }

    private func changeSystem(_ text: String?) {
        guard let text else {
            Console.noteLines(
                session.transcript.instructions.map { "system: \(Console.oneLine($0))" } ?? "no system message")
            return
        }
        session.setInstructions(text.isEmpty ? nil : text)
        Console.note(
            text.isEmpty ? "the system message is removed" : "the system message is set, from the next answer on")
    }

    private func report(_ work: () throws -> String) {
        do { Console.note(try work()) } catch { Console.error(String(describing: error)) }
    }

    private func save(to path: String) throws -> String {
        let transcript = session.transcript
        let file = SavedConversation(model: session.model.name, transcript: transcript)
        try SystemIO.writeAtomically(try file.encoded(), to: path, mode: 0o600)
        return "saved \(Format.plural(transcript.entries.count, "message")) to \(path)"
    }

    private func load(from path: String) throws -> String {
        let file = try SavedConversation(parsing: try SystemIO.contents(of: path), named: path)
        session.replaceTranscript(file.transcript)
        let other = file.model.isEmpty || file.model == session.model.name ? "" : ", held with \(file.model)"
        return "going on from \(Format.plural(file.transcript.entries.count, "message")) of \(path)\(other)"
    }

    private var statistics: String {
        let model = session.model
        let used = session.tokensInContext
        var lines = [
            "model    \(model.name), \(Format.bytes(model.weightBytes)) of weights, \(Format.plural(model.threads, "thread"))",
            "context  \(Format.count(used)) of \(Format.count(model.contextLength)) tokens, \(Format.bytes(used * model.contextBytesPerToken))",
            "session  \(Format.plural(answers, "answer")), \(Format.plural(answerTokens, "token"))",
        ]
        if let last { lines.append("last     \(last.timingLine)") }
        return lines.joined(separator: "\n")
    }
}
