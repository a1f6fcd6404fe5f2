import ArgumentParser
import Kite

/// `kite generate`: continues a prompt and writes the answer to standard output. Never asks anything.
struct GenerateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Continue a prompt; made for scripts.",
        discussion: """
            The prompt is text as it stands, special tokens included; --chat puts it into the model's chat format. \
            Without -p and -f the prompt is read from standard input. The answer goes to standard output, \
            everything else to standard error.

            Examples:
              kite generate -p "Once upon a time" -n 32
              kite generate --chat -p "What is the capital of Peru?" --temp 0
              kite generate -m model.gguf -f prompt.txt --json > answer.json
              cat notes.txt | kite generate -m model.gguf -f - -n 200
              kite generate -m model.gguf --chat -f edit-this.txt --draft lookup
              kite generate -m model.gguf -p "<|user|>\\nHi<|endoftext|>\\n<|assistant|>"
            """
    )

    @OptionGroup var model: ModelArguments

    @Option(name: .shortAndLong, help: ArgumentHelp("The text to continue.", valueName: "text"))
    var prompt: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("A file with the text to continue; - is standard input.", valueName: "file"))
    var file: String?

    @OptionGroup(title: "Answer") var sampling: SamplingArguments
    @OptionGroup(title: "Engine") var engine: EngineArguments
    @OptionGroup(title: "Adapters") var adapters: AdapterArguments
    @OptionGroup(title: "Text") var escapes: EscapeArguments

    @Flag(help: "Take the prompt as a user's message, in the model's chat format.")
    var chat = false

    @OptionGroup(title: "Chat format (with --chat)") var template: TemplateArguments

    @Flag(inversion: .prefixedNo, help: "Write the prompt before the answer.")
    var displayPrompt = false

    @Flag(help: "Write one JSON object: content, tokens, finish_reason, usage, timings, seed.")
    var json = false

    @Flag(help: "Write a line of JSON for each piece of the answer, and the object of --json at the end.")
    var streamJson = false

    @Flag(name: .shortAndLong, help: "Tell where the time went.")
    var verbose = false

    func validate() throws {
        if prompt != nil, file != nil { throw ValidationError("-p and -f exclude each other") }
        if json, streamJson { throw ValidationError("--json and --stream-json exclude each other") }
        if !chat, template.chatTemplate ?? template.chatTemplateFile ?? template.system ?? template.systemFile != nil {
            throw ValidationError("a chat template or a system message needs --chat")
        }
    }

    func run() async throws {
        let options = try sampling.options(escapes: escapes.onCommandLine)
        let loadOptions = try engine.loadOptions(chatTemplate: template.resolvedTemplate())
        let source = try await model.source
        let text = try promptText()
        let language = try await ModelLoading.load(source, options: loadOptions)
        let isPlain = !json && !streamJson
        let set = try adapters.load(for: language.configuration)
        if displayPrompt, isPlain { Console.write(text) }

        let stream = try start(language, text, options, set)
        let ending = LastByte()
        let writesJSONLines = streamJson
        let response = try await AnswerReader.read(stream) { delta in
            if isPlain {
                Console.write(delta)
                ending.note(delta)
            } else if writesJSONLines {
                try? Console.writeJSON(["delta": .string(delta)], pretty: false)
            }
        }
        if isPlain {
            if !ending.isLineBreak { Console.write("\n") }
        } else {
            try Console.writeJSON(response.json(model: language.name), pretty: json && SystemIO.isTerminal(1))
        }
        if response.finishReason == .contextFull {
            Console.warning(
                "the context of \(Format.count(language.contextLength)) tokens is full: the answer stops here; -c allows more"
            )
        }
        if verbose { Console.note(response.timingLine) }
        if response.finishReason == .cancelled { throw CLIError.interrupted }
    }

    private func start(
        _ model: LanguageModel, _ text: String, _ options: GenerationOptions, _ set: AdapterSet?
    ) throws -> ResponseStream {
        guard chat else { return model.generate(text, options: options, adapters: set) }
        var messages: [ChatMessage] = []
        if let system = try template.resolvedSystem(escapes: escapes.onCommandLine) { messages.append(.system(system)) }
        messages.append(.user(PromptMarkup.message(in: text) ?? text))
        return model.streamResponse(to: messages, options: options, adapters: set)
    }

    private func promptText() throws -> String {
        if let prompt { return escapes.onCommandLine ? Escapes.processed(prompt) : prompt }
        guard file != nil || !SystemIO.isTerminal(0) else {
            throw CLIError.usage("nothing to continue: give a prompt with -p, a file with -f, or standard input")
        }
        let text = String(decoding: try SystemIO.contents(of: file ?? "-"), as: UTF8.self)
        return escapes.inFiles ? Escapes.processed(text) : text
    }
}
