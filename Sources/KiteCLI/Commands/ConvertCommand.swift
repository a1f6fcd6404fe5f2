import ArgumentParser
import Kite
import KiteTools

/// `kite convert`: checkpoints, GGUF files and LoRA adapters into one another.
struct ConvertCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Turn Hugging Face checkpoints, GGUF files and LoRA adapters into one another.",
        usage: "kite convert [<options>] <input> --output <path>",
        discussion: """
            A checkpoint folder becomes a GGUF file, which runs here and in llama.cpp; GPTQ checkpoints too. A GGUF \
            file becomes a checkpoint folder, which transformers loads, or, where the output ends in .gguf, a GGUF \
            file in one part or several. A PEFT adapter becomes a GGUF adapter and the reverse. \
            Whatever is written appears under its name only when it is whole.

            Examples:
              kite convert ./stablelm-2-zephyr-1_6b -o zephyr-1_6b.gguf
              kite convert ./stablelm-2-zephyr-1_6b -o zephyr-1_6b.Q8_0.gguf --type q8_0
              kite convert ./stablelm-2-zephyr-1_6b -o zephyr-1_6b.Q4_K_M.gguf --type Q4_K_M
              kite convert zephyr-1_6b.gguf -o ./zephyr-1_6b --type bf16 --max-shard-size 2G
              kite convert ./zephyr-1_6b -o tuned.gguf --lora ./my-adapter
              kite convert ./my-adapter -o my-adapter.gguf --base ./zephyr-1_6b
              kite convert model.gguf -o parts.gguf --split-max-size 2G
              kite convert parts-00001-of-00003.gguf -o whole.gguf --merge
            """
    )

    @Argument(
        help: ArgumentHelp("A checkpoint or adapter folder, or a GGUF file (any part of it).", valueName: "input"))
    var folder: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("The same as <input>.", valueName: "input"))
    var model: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("The GGUF file or folder to write.", valueName: "path"))
    var output: String

    @Option(
        help: """
            Type of the matrices: f32, f16, bf16, q8_0, and of a checkpoint any recipe of kite quantize (Q4_K_M); \
            auto keeps the input's own, f16 where it is quantized.
            """)
    var type = "auto"

    @Option(
        help: ArgumentHelp(
            "Add a LoRA adapter (PEFT folder or GGUF) to the weights; =SCALE multiplies it. Repeatable.",
            valueName: "path[=scale]"))
    var lora: [String] = []

    @Option(help: ArgumentHelp("The model an adapter belongs to, to convert the adapter.", valueName: "model"))
    var base: String?

    @Option(help: ArgumentHelp("Cut a GGUF file into parts of at most this size: 500M, 2G.", valueName: "size"))
    var splitMaxSize: String?

    @Option(help: ArgumentHelp("Cut a GGUF file into parts of at most this many tensors.", valueName: "count"))
    var splitMaxTensors: Int?

    @Flag(help: "Join the parts of a split GGUF file.")
    var merge = false

    @Option(help: ArgumentHelp("Cut a checkpoint into files of at most this size.", valueName: "size"))
    var maxShardSize = "5G"

    @Flag(help: "Replace what is there already.")
    var force = false

    func run() async throws {
        guard let path = try await ModelArguments.path(option: model, positional: folder, prefersCheckpoint: true)
        else {
            throw CLIError.usage("convert what? name a folder or a GGUF file")
        }
        let target = SystemIO.expandingTilde(output)
        guard force || !SystemIO.exists(target) else {
            throw CLIError.failure("\(output) exists already: --force replaces it")
        }
        let job = ConversionJob(
            input: path, output: target, type: type, adapters: lora, base: base, split: try split(), merges: merge,
            shardBytes: try Self.size(maxShardSize, "--max-shard-size"), overwrites: force)
        let progress = ProgressBar(title: "Converting")
        let result = try await Interrupts.handled(
            by: {
                // What is unfinished; nothing else would take it away.
                job.removeUnfinished()
                ExitStatus.interrupted.leave()
            },
            { try job.run { done, total in progress.update(done: done, total: total) } })
        progress.clear()
        for warning in result.warnings { Console.warning(warning) }
        Console.note("wrote \(result.paths.joined(separator: ", ")): \(result.summary)", style: .plain)
    }

    private func split() throws -> GGUFSplit? {
        switch (splitMaxSize, splitMaxTensors) {
        case (nil, nil): return nil
        case (let size?, nil): return .bytes(try Self.size(size, "--split-max-size"))
        case (nil, let count?):
            guard count > 0 else { throw CLIError.usage("--split-max-tensors must be positive") }
            return .tensors(count)
        default: throw CLIError.usage("give --split-max-size or --split-max-tensors, not both")
        }
    }

    /// A size with a unit of decimal thousands: `500M`, `2G`.
    static func size(_ text: String, _ option: String) throws -> Int {
        let units: [Character: Int] = ["K": 1000, "M": 1_000_000, "G": 1_000_000_000]
        var digits = text.uppercased()[...]
        if digits.hasSuffix("B") { digits = digits.dropLast() }
        let unit = digits.last.flatMap { units[$0] }
        if unit != nil { digits = digits.dropLast() }
        guard let number = Int(digits), number > 0 else {
            throw CLIError.usage("\(option) wants a size such as 500M or 2G, not \"\(text)\"")
        }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: unit ?? 1)
        guard !overflow else { throw CLIError.usage("\(option): \(text) is too large") }
        return bytes
    }
}
