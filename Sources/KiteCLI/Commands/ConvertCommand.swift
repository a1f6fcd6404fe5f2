import ArgumentParser
import Kite
import KiteTools

/// `kite convert`: a Hugging Face checkpoint to a GGUF file.
struct ConvertCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Turn a Hugging Face checkpoint into a GGUF file.",
        usage: "kite convert [<options>] <dir> --output <file>",
        discussion: """
            The file holds weights, hyper-parameters, tokenizer and chat template, and runs here and in llama.cpp. \
            It appears under its name only when it is whole.

            Examples:
              kite convert ./stablelm-2-zephyr-1_6b -o zephyr-1_6b.gguf
              kite convert ./stablelm-2-zephyr-1_6b -o zephyr-1_6b.Q8_0.gguf --type q8_0
            """
    )

    /// What the weights are stored as.
    enum TypeArgument: String, CaseIterable, ExpressibleByArgument {
        case auto
        case f32
        case f16
        case bf16
        case q8_0

        init?(argument: String) { self.init(rawValue: argument.lowercased()) }
    }

    @Argument(
        help: ArgumentHelp("The folder with config.json, the safetensors files and the tokenizer.", valueName: "dir"))
    var folder: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("The same as <dir>.", valueName: "dir"))
    var model: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("The GGUF file to write.", valueName: "file"))
    var output: String

    @Option(help: "Type of the matrices; auto keeps the checkpoint's own. Norms and biases are always f32.")
    var type = TypeArgument.auto

    @Flag(help: "Replace a file that is there already.")
    var force = false

    func run() async throws {
        guard let path = try await ModelArguments.path(option: model, positional: folder, prefersCheckpoint: true)
        else {
            throw CLIError.usage("which checkpoint? name its folder")
        }
        let target = SystemIO.expandingTilde(output)
        guard force || !SystemIO.exists(target) else {
            throw CLIError.failure("\(output) exists already: --force replaces it")
        }
        let checkpoint = try HuggingFaceFolder(path: path)
        let converter = try ModelConverter(checkpoint, type: try storedType(in: checkpoint))
        let progress = ProgressBar(title: "Converting")
        let written = try await Interrupts.handled(
            by: {
                // The writer's unfinished file; nothing else would take it away.
                SystemIO.remove("\(target).partial-\(SystemIO.processID)")
                ExitStatus.interrupted.leave()
            },
            {
                try converter.convert(to: target, overwrite: force) { done, total in
                    progress.update(done: done, total: total)
                }
            })
        progress.clear()
        for warning in converter.checkpoint.warnings { Console.warning(warning) }
        let bytes = converter.checkpoint.parameterCount
        Console.note(
            "wrote \(written.joined(separator: ", ")): \(Format.parameters(bytes)) parameters as \(converter.type.rawValue)",
            style: .plain)
    }

    /// The type asked for; of `auto` the one that keeps every bit of the checkpoint.
    private func storedType(in folder: HuggingFaceFolder) throws -> ConversionType {
        switch type {
        case .f32: return .f32
        case .f16: return .f16
        case .bf16: return .bf16
        case .q8_0: return .q8_0
        case .auto:
            switch try Checkpoint(huggingFace: folder).tensor("token_embd.weight").type {
            case .f16: return .f16
            case .bf16: return .bf16
            default: return .f32
            }
        }
    }
}
