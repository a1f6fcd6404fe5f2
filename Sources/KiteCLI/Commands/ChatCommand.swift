import ArgumentParser
import Kite

/// `kite chat`: a conversation at the terminal, or one answer when there is none.
struct ChatCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chat",
        abstract: "Talk with a model.",
        discussion: """
            On a terminal: type a message, Enter sends it; a backslash at the end of a line or \"\"\" around the \
            message make it several lines long. /help lists the commands. Ctrl-C stops an answer, a second one \
            leaves, and so does Ctrl-D. What was entered is kept in $XDG_STATE_HOME/kite/history.

            Without a terminal the whole of standard input is one message, and the answer goes to standard output.

            Examples:
              kite chat
              kite chat stablelm-zephyr-3b.Q4_K_M.gguf -c 4096 --temp 0.7
              kite chat zephyr-7b-beta.Q5_K_M.gguf -sys "You answer in one sentence."
              echo "What is the capital of Peru?" | kite chat --temp 0
              kite chat zephyr-7b-beta.Q4_K_M.gguf --lora ./my-adapter
              kite chat -p "List 3 synonyms for tiny" --single-turn
            """
    )

    @OptionGroup var model: ModelArguments

    @Option(name: .shortAndLong, help: ArgumentHelp("The first message.", valueName: "text"))
    var prompt: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("A file with the first message; - is standard input.", valueName: "file"))
    var file: String?

    @OptionGroup(title: "Answers") var sampling: SamplingArguments
    @OptionGroup(title: "Engine") var engine: EngineArguments
    @OptionGroup(title: "Adapters") var adapters: AdapterArguments
    @OptionGroup(title: "Text") var escapes: EscapeArguments
    @OptionGroup(title: "Chat format") var template: TemplateArguments

    @Flag(help: "Leave after the first answer.")
    var singleTurn = false

    @Flag(help: "Without a terminal: each line of standard input is a message of its own.")
    var lines = false

    @Flag(help: "Without a terminal: write each answer as a JSON object.")
    var json = false

    @Flag(help: "Keep no history of what is entered.")
    var noHistory = false

    @Flag(inversion: .prefixedNo, help: .hidden)
    var displayPrompt = true

    @Flag(name: .shortAndLong, help: "Tell after each answer where the time went.")
    var verbose = false

    func validate() throws {
        if prompt != nil, file != nil { throw ValidationError("-p and -f exclude each other") }
        if lines, prompt != nil || file != nil {
            throw ValidationError("--lines reads standard input: leave out -p and -f")
        }
    }

    func run() async throws {
        let options = try sampling.options(escapes: escapes.onCommandLine)
        let system = try template.resolvedSystem(escapes: escapes.onCommandLine)
        let loadOptions = try engine.loadOptions(chatTemplate: template.resolvedTemplate())
        let source = try await model.source
        let isInteractive = SystemIO.isTerminal(0) && SystemIO.isTerminal(1) && !json && !lines && file != "-"
        let first = try firstMessage()
        let piped = isInteractive || first != nil ? [] : try pipedMessages()

        let language = try await ModelLoading.load(source, options: loadOptions)
        let set = try adapters.load(for: language.configuration)
        let session = LanguageModelSession(model: language, instructions: system, adapters: set)
        let settings = ChatSettings(options: options, isVerbose: verbose)
        guard isInteractive, !(singleTurn && first != nil) else {
            try await BatchChat(session: session, settings: settings, asJSON: json).run(first.map { [$0] } ?? piped)
            return
        }
        let history = History(path: noHistory ? nil : History.defaultPath)
        var loop = ChatLoop(session: session, settings: settings, history: history)
        try await loop.run(first: first, leavesAfterFirst: singleTurn)
    }

    private func firstMessage() throws -> String? {
        if let prompt {
            let text = escapes.onCommandLine ? Escapes.processed(prompt) : prompt
            return PromptMarkup.message(in: text) ?? text
        }
        guard let file else { return nil }
        let text = String(decoding: try SystemIO.contents(of: file), as: UTF8.self)
        return PromptMarkup.message(in: text) ?? text
    }

    private func pipedMessages() throws -> [String] {
        let text = String(decoding: try SystemIO.contents(of: "-"), as: UTF8.self)
        let messages =
            lines
            ? text.split(whereSeparator: \.isNewline).map(String.init).filter { !MessageSyntax.message($0).isEmpty }
            : [MessageSyntax.message(text)].filter { !$0.isEmpty }
        guard !messages.isEmpty else { throw CLIError.usage("standard input has no message; or give one with -p") }
        return escapes.inFiles ? messages.map(Escapes.processed) : messages
    }
}
