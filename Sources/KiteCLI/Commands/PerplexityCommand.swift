import ArgumentParser
import Kite
import KiteTools

/// `kite perplexity`: how well a model predicts a text, and what quantization took from it.
struct PerplexityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "perplexity",
        abstract: "Measure how well a model predicts a text, and how far it is from another.",
        usage: "kite perplexity [<options>] <model> ... --file <file>",
        discussion: """
            By llama.cpp's protocol: chunks of -c tokens, of which the second half counts. Perplexities of different \
            tokenizers, contexts or texts cannot be compared; --json says which they were.

            --kl runs a second model beside the first and compares their probabilities token by token \
            (Kullback-Leibler divergence): far finer than comparing perplexities. Files of llama.cpp's with the \
            probabilities of a base model are read and written too.

            --report compares several models with the base: a table of size and loss in Markdown, with a picture \
            (SVG) beside it.

            Examples:
              kite perplexity model.Q4_K_M.gguf -f book.txt
              kite perplexity model.Q4_K_M.gguf -f book.txt --kl model.F16.gguf
              kite perplexity model.Q4_K_M.gguf -f book.txt --chunks 20 --json
              kite perplexity model.F16.gguf -f book.txt --save-all-logits base.kld
              kite perplexity model.Q4_K_M.gguf --kl base.kld
              kite perplexity model.gguf -f book.txt -c 2048 --ppl-stride 512
              kite perplexity *.gguf -f book.txt --kl F16.gguf --report loss.md
            """
    )

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "A GGUF file (of a split one any part) or a checkpoint folder; without one the built-in model.",
            valueName: "path"))
    var model: String?

    @Argument(help: ArgumentHelp("The same as --model; several with --report.", valueName: "model"))
    var models: [String] = []

    @Option(name: .shortAndLong, help: ArgumentHelp("The text; - is standard input.", valueName: "file"))
    var file: String?

    @Option(
        name: [.customShort("c"), .long], help: ArgumentHelp("Tokens of a chunk. (default: 512)", valueName: "n"))
    var ctxSize: Int?

    @Option(help: ArgumentHelp("Most chunks to measure. (default: all)", valueName: "n"))
    var chunks: Int?

    @Option(
        help: ArgumentHelp(
            "Let chunks overlap and count only their last n tokens: slower, with more context.", valueName: "n"))
    var pplStride: Int?

    @Option(
        help: ArgumentHelp(
            "Compare with another model, a file or folder, or with a file of its log-probabilities.",
            valueName: "base"))
    var kl: String?

    @Option(
        help: ArgumentHelp("Write the log-probabilities of all tokens, for --kl or llama.cpp.", valueName: "file"))
    var saveAllLogits: String?

    @Option(
        help: ArgumentHelp(
            "llama.cpp's name: with --kl-divergence the same as --kl, else as --save-all-logits.", valueName: "file"))
    var klDivergenceBase: String?

    @Flag(help: "See --kl-divergence-base.")
    var klDivergence = false

    @OptionGroup var adapters: AdapterArguments

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Threads that compute. (default: the cores this process may use)", valueName: "n"))
    var threads: Int?

    @Option(help: "How keys and values are remembered. (default: f16; f32 for models of f32 weights)")
    var kv: CacheTypeArgument?

    @Option(help: "How activations meet quantized weights: int8 (fast) or f32 (exact, slower).")
    var activations = ActivationArgument.int8

    @Option(
        help: ArgumentHelp("The tokenizer's pre-tokenizer, instead of what the file says.", valueName: "name"))
    var pre: String?

    @Option(help: ArgumentHelp("Write a table of all models here, and a picture beside it.", valueName: "file"))
    var report: String?

    @Flag(help: "Replace output files that are there already.")
    var force = false

    @Flag(help: "Write JSON, with the hashes of text and tokenizer.")
    var json = false

    func validate() throws {
        if let chunks, chunks < 1, chunks != -1 { throw ValidationError("--chunks \(chunks) is not 1 or more") }
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads \(threads) is not between 1 and 1024")
        }
        if klDivergence, klDivergenceBase == nil, kl == nil {
            throw ValidationError("--kl-divergence compares with --kl-divergence-base <file>: name one")
        }
        if kl != nil, klDivergenceBase != nil {
            throw ValidationError("--kl and --kl-divergence-base are two names of one thing: give one")
        }
        if report != nil, kl == nil { throw ValidationError("--report compares models with a base: name it with --kl") }
        if report == nil, models.count > 1 {
            throw ValidationError("several models go with --report; to compare two, name the base with --kl")
        }
        if report != nil, pplStride != nil || savePath != nil || klDivergence {
            throw ValidationError("--report goes without --ppl-stride, --save-all-logits and --kl-divergence")
        }
        if report != nil, !adapters.isEmpty { throw ValidationError("--report goes without --lora") }
        if pplStride != nil, basePath != nil || savePath != nil {
            throw ValidationError("--ppl-stride goes without a base and without --save-all-logits")
        }
    }

    /// What to compare with.
    private var basePath: String? { kl ?? (klDivergence ? klDivergenceBase : nil) }
    /// Where to write log-probabilities.
    private var savePath: String? { saveAllLogits ?? (klDivergence ? nil : klDivergenceBase) }

    func run() async throws {
        if let report { return try await writeReport(to: SystemIO.expandingTilde(report)) }
        let path = try await ModelArguments.path(option: model, positional: models.first)
        let name = path ?? "the built-in model"
        let target = savePath.map(SystemIO.expandingTilde)
        if let target, !force, SystemIO.exists(target) {
            throw CLIError.failure("\(target) exists already: --force replaces it")
        }
        let checkpoint = try Checkpoint.open(path.map(ModelSource.path) ?? .nano)
        let tokenizer = try Tokenizer.load(checkpoint, preTokenizerOverride: pre)
        for warning in checkpoint.warnings + tokenizer.warnings { Console.warning(warning) }
        let base = try await openBase()
        let bytes = try file.map { try SystemIO.contents(of: $0) }
        let text = try textChunks(bytes, tokenizer, base)
        if text.windowLength > checkpoint.configuration.contextLength {
            Console.warning(
                "the model was trained for \(checkpoint.configuration.contextLength) tokens, a chunk has "
                    + "\(text.windowLength)")
        }
        if case .model(let other, let baseName) = base, let bytes {
            try PerplexityMeasurement.check(
                text.tokens, of: bytes, by: name, with: other, baseName, preTokenizer: pre)
        }
        let set = try adapters.load(for: checkpoint.configuration)
        let measurement = try PerplexityMeasurement(
            checkpoint, name: name, text: text, base: base, options: options, adapters: set, savingTo: target)
        let progress = PerplexityProgress(text, isCompared: base != nil)
        let result = try await Interrupts.handled(
            by: {
                // The writer's unfinished file; nothing else would take it away.
                if let target { SystemIO.remove("\(target).partial-\(SystemIO.processID)") }
                ExitStatus.interrupted.leave()
            },
            { try measurement.run(onChunk: progress.show) })
        progress.end()
        if let target { Console.note("wrote \(target)", style: .plain) }
        let report = PerplexityReport(
            result, text: text, model: path ?? "built-in", checkpoint: checkpoint, base: basePath,
            tokenizer: tokenizer, corpus: bytes.map { .init(name: file ?? "-", text: $0) }, options: options,
            adapters: set)
        if json { return try Console.writeJSON(report.json, pretty: true) }
        if let divergence = result.divergence {
            Console.writeLine(divergence.table)
        } else {
            let (value, uncertainty) = (result.perplexity.value, result.perplexity.uncertainty)
            Console.writeLine("PPL = \(Format.fixed(value, 4)) ± \(Format.fixed(uncertainty, 5))")
        }
    }

    /// How models are run.
    var options: LoadOptions {
        LoadOptions(threads: threads, kvCacheType: kv?.type, activations: activations.precision)
    }

    private func openBase() async throws -> PerplexityMeasurement.Base? {
        guard let basePath, let path = try await ModelArguments.path(option: basePath, positional: nil) else {
            return nil
        }
        if LogProbabilityFile.isOne(path) { return .file(try LogProbabilityFile(path: path)) }
        return .model(try Checkpoint.open(.path(path)), name: basePath)
    }

    /// The text in chunks: that of the base's file, else the one named.
    func textChunks(
        _ bytes: [UInt8]?, _ tokenizer: Tokenizer, _ base: PerplexityMeasurement.Base?
    ) throws -> TextChunks {
        let limit = chunks.flatMap { $0 > 0 ? $0 : nil }
        let tokens = bytes.map { TextChunks.tokens(of: $0, with: tokenizer) }
        let bos = tokenizer.addsBOS ? tokenizer.bosToken : nil
        if case .file(let base) = base {
            return try TextChunks(file: base, context: ctxSize, tokens: tokens, limit: limit, bosToken: bos)
        }
        guard let tokens else { throw CLIError.usage("which text? name its file with -f (- is standard input)") }
        return try TextChunks(
            tokens, contextLength: ctxSize ?? 512, stride: pplStride, limit: limit, bosToken: bos)
    }
}
