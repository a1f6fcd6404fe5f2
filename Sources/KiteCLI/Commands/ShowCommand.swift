import ArgumentParser
import Kite
import KiteTools

/// `kite show`: what is in a model.
struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what is in a model: architecture, types, tokenizer, template, memory.",
        usage: "kite show [<options>] [<model>]",
        discussion: """
            Examples:
              kite show stablelm-zephyr-3b.Q4_K_M.gguf
              kite show ./stablelm-2-zephyr-1_6b --tensors
              kite show model.gguf --ctx 16384 --json | jq .memory
            """
    )

    @OptionGroup var model: ModelArguments

    @Option(
        name: [.customShort("c"), .customLong("ctx-size"), .customLong("ctx")],
        help: ArgumentHelp("Tokens of context to reckon the memory for.", valueName: "n"))
    var ctxSize: Int?

    @Flag(help: "List every tensor.")
    var tensors = false

    @Flag(help: "Write JSON.")
    var json = false

    func run() async throws {
        if let ctxSize, !(1...1 << 24).contains(ctxSize) {
            throw CLIError.usage("--ctx \(ctxSize) is not between 1 and \(1 << 24)")
        }
        let path = try await model.chosenPath
        let report = try ModelReport(
            path.map(ModelSource.path) ?? .nano, path: path ?? "the built-in model", context: ctxSize)
        Console.writeLine(
            json ? try report.json(listsTensors: tensors) : report.text(listsTensors: tensors))
    }
}
