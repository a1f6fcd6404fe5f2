import ArgumentParser
import Kite
import KiteTools

/// `kite imatrix`: how much each column of a model's matrices matters, for `kite quantize --imatrix`.
struct ImatrixCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "imatrix",
        abstract: "Measure which weights matter, for better quantization.",
        usage: "kite imatrix [<options>] <model> --file <text> --output <file>",
        discussion: """
            The model reads a text, and the mean square of what each column of each matrix meets is written to a \
            GGUF file of llama.cpp's, for 'kite quantize --imatrix' and for llama-quantize. Some hundred chunks of \
            text like the model's later work are enough. Take the model unquantized.

            Examples:
              kite imatrix model.F16.gguf -f calibration.txt -o imatrix.gguf
              kite imatrix model.F16.gguf -f calibration.txt -o im.gguf --chunks 100
              kite quantize model.F16.gguf out.gguf Q4_K_M --imatrix imatrix.gguf
            """
    )

    @OptionGroup var model: ModelArguments

    @Option(name: .shortAndLong, help: ArgumentHelp("The text; - is standard input.", valueName: "file"))
    var file: String

    @Option(name: .shortAndLong, help: ArgumentHelp("The GGUF file to write.", valueName: "file"))
    var output: String = "imatrix.gguf"

    @Option(name: [.customShort("c"), .long], help: ArgumentHelp("Tokens of a chunk.", valueName: "n"))
    var ctxSize: Int = 512

    @Option(help: ArgumentHelp("Most chunks to read. (default: all)", valueName: "n"))
    var chunks: Int?

    @Flag(help: "Measure output.weight too.")
    var processOutput = false

    @Flag(help: "Read names of special tokens in the text as these tokens.")
    var parseSpecial = false

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Threads that compute. (default: the cores this process may use)", valueName: "n"))
    var threads: Int?

    @Option(help: "How activations meet quantized weights: int8 (fast) or f32 (exact, slower).")
    var activations = ActivationArgument.int8

    @Option(
        help: ArgumentHelp("The tokenizer's pre-tokenizer, instead of what the file says.", valueName: "name"))
    var pre: String?

    @Flag(help: "Replace a file that is there already.")
    var force = false

    func validate() throws {
        if let chunks, chunks < 1, chunks != -1 { throw ValidationError("--chunks \(chunks) is not 1 or more") }
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads \(threads) is not between 1 and 1024")
        }
        guard (16...1 << 20).contains(ctxSize) else {
            throw ValidationError("--ctx-size \(ctxSize) is not between 16 and \(1 << 20)")
        }
    }

    func run() async throws {
        let target = SystemIO.expandingTilde(output)
        guard force || !SystemIO.exists(target) else {
            throw CLIError.failure("\(output) exists already: --force replaces it")
        }
        let checkpoint = try Checkpoint.open(await model.source)
        let tokenizer = try Tokenizer.load(checkpoint, preTokenizerOverride: pre)
        for warning in checkpoint.warnings + tokenizer.warnings { Console.warning(warning) }
        let text = try SystemIO.contents(of: file)
        let tokens = TextChunks.tokens(of: text, with: tokenizer, parsesSpecialTokens: parseSpecial)
        let measurement = try ImportanceMeasurement(
            checkpoint, tokens: tokens, chunkSize: ctxSize, limit: chunks.flatMap { $0 > 0 ? $0 : nil },
            bosToken: tokenizer.addsBOS ? tokenizer.bosToken : nil, includesOutput: processOutput,
            options: LoadOptions(threads: threads, activations: activations.precision))
        let status = StatusLine()
        let started = SystemIO.seconds
        let count = measurement.chunkCount
        let matrix = try measurement.run(dataset: file, path: output) { done in
            let left = (SystemIO.seconds - started) / Double(done) * Double(count - done)
            status.show("chunk \(done) of \(count), \(Format.duration(left)) left")
        }
        status.clear()
        try await Interrupts.handled(
            by: {
                SystemIO.remove("\(target).partial-\(SystemIO.processID)")
                ExitStatus.interrupted.leave()
            },
            { _ = try matrix.writer().write(to: target) })
        Console.note(
            "wrote \(output): \(Format.count(matrix.entries.count)) matrices"
                + " from \(Format.plural(count, "chunk")) of \(ctxSize) tokens", style: .plain)
    }
}
