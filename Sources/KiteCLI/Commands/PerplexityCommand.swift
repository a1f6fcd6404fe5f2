import ArgumentParser
import Kite
import KiteTools

/// `kite perplexity`: how well a model predicts a text, and what quantization took from it.
struct PerplexityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "perplexity",
        abstract: "Measure how well a model predicts a text, and how far it is from another.",
        usage: "kite perplexity [<options>] <model> --file <file>",
        discussion: """
            By llama.cpp's protocol: chunks of -c tokens, of which the second half counts. Perplexities of different \
            tokenizers, contexts or texts cannot be compared; --json says which they were.

            --kl runs a second model beside the first and compares their probabilities token by token \
            (Kullback-Leibler divergence): far finer than comparing perplexities. Files of llama.cpp's with the \
            probabilities of a base model are read and written too.

            Examples:
              kite perplexity model.Q4_K_M.gguf -f book.txt
              kite perplexity model.Q4_K_M.gguf -f book.txt --kl model.F16.gguf
              kite perplexity model.Q4_K_M.gguf -f book.txt --chunks 20 --json
              kite perplexity model.F16.gguf -f book.txt --save-all-logits base.kld
              kite perplexity model.Q4_K_M.gguf --kl base.kld
              kite perplexity model.gguf -f book.txt -c 2048 --ppl-stride 512
            """
    )

    @OptionGroup var model: ModelArguments

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

    @Flag(help: "Replace a file of log-probabilities that is there already.")
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
        if pplStride != nil, basePath != nil || savePath != nil {
            throw ValidationError("--ppl-stride goes without a base and without --save-all-logits")
        }
    }

    /// What to compare with.
    private var basePath: String? { kl ?? (klDivergence ? klDivergenceBase : nil) }
    /// Where to write log-probabilities.
    private var savePath: String? { saveAllLogits ?? (klDivergence ? nil : klDivergenceBase) }

    func run() async throws {
        let path = try await model.chosenPath
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
        let options = LoadOptions(threads: threads, kvCacheType: kv?.type, activations: activations.precision)
        let measurement = try PerplexityMeasurement(
            checkpoint, name: name, text: text, base: base, options: options, savingTo: target)
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
            tokenizer: tokenizer, corpus: bytes.map { .init(name: file ?? "-", text: $0) }, options: options)
        if json { return try Console.writeJSON(report.json, pretty: true) }
        if let divergence = result.divergence {
            Console.writeLine(divergence.table(Format.fixed))
        } else {
            let (value, uncertainty) = (result.perplexity.value, result.perplexity.uncertainty)
            Console.writeLine("PPL = \(Format.fixed(value, 4)) ± \(Format.fixed(uncertainty, 5))")
        }
    }

    private func openBase() async throws -> PerplexityMeasurement.Base? {
        guard let basePath, let path = try await ModelArguments.path(option: basePath, positional: nil) else {
            return nil
        }
        if LogProbabilityFile.isOne(path) { return .file(try LogProbabilityFile(path: path)) }
        return .model(try Checkpoint.open(.path(path)), name: basePath)
    }

    /// The text in chunks: that of the base's file, else the one named.
    private func textChunks(
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

/// What standard error shows while a perplexity is measured.
final class PerplexityProgress {
    private let text: TextChunks
    private let isCompared: Bool
    private let began = SystemIO.seconds
    private var isFirst = true

    init(_ text: TextChunks, isCompared: Bool) {
        self.text = text
        self.isCompared = isCompared
        let chunks = Format.plural(text.count, "chunk")
        Console.note(
            "\(chunks) of \(text.windowLength) tokens, \(text.scoredPerChunk) of each count; the text has "
                + Format.plural(text.tokens.count, "token"), style: .plain)
    }

    /// Shows the results so far.
    func show(_ progress: PerplexityMeasurement.Progress) {
        if isFirst {
            let elapsed = SystemIO.seconds - began
            let left = elapsed / Double(progress.done) * Double(progress.total - progress.done)
            Console.note("\(Format.fixed(elapsed, 2)) s for the first, \(Format.duration(left)) left", style: .plain)
            if isCompared {
                Console.noteLines(
                    "chunk                 PPL             ln(PPL/base)           KL divergence          RMS of dp"
                        + "       same favourite")
            }
        }
        isFirst = false
        guard let divergence = progress.divergence else {
            let value = "[\(progress.done)]\(Format.fixed(progress.perplexity.value, 4)),"
            return SystemIO.write(value.utf8, to: 2)
        }
        let cells = [
            Self.cell(progress.perplexity, 1, 4, 9), Self.cell(divergence.logRatio, 1, 5, 9),
            Self.cell(divergence.divergence, 1, 5, 9), Self.cell(divergence.rootMeanSquareChange, 100, 3, 6) + " %",
            Self.cell(divergence.sameTop, 100, 3, 6) + " %",
        ]
        Console.noteLines(Self.padded("\(progress.done)", 5) + "  " + cells.joined(separator: "  "))
    }

    /// Ends the line of running values.
    func end() { if !isCompared { SystemIO.write("\n".utf8, to: 2) } }

    private static func cell(_ estimate: Estimate, _ factor: Double, _ digits: Int, _ width: Int) -> String {
        padded(Format.fixed(estimate.value * factor, digits), width) + " ± "
            + padded(Format.fixed(estimate.uncertainty * factor, digits), width)
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(width - text.count, 0)) + text
    }
}
