import ArgumentParser
import Kite
import KiteTools

/// `kite bench`: how fast a model runs on this machine.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure how fast a model reads prompts and makes tokens.",
        discussion: """
            By llama-bench's definitions: tokenizer and sampling are not part of it. With --preset the model has a \
            published shape and random weights made in memory, as large as the real file, so nothing needs to be \
            downloaded. Lists such as -p 128,512 measure every combination.

            The ceiling is what this machine could do at that moment: weights and context over the bandwidth that all \
            threads together read with, or the multiply-adds over the CPU's most, whichever takes longer.

            Presets: \(ModelConfiguration.presets.map(\.name).joined(separator: ", "))
            Types as the model cards name them:
              \(QuantizationMix.cardNames.joined(separator: " "))
            Types for every matrix alike:
              \(QuantizationMix.allNames.dropFirst(QuantizationMix.cardNames.count).joined(separator: " "))

            Examples:
              kite bench
              kite bench stablelm-zephyr-3b.Q4_K_M.gguf -p 512 -n 64 -t 1,2
              kite bench --preset stablelm-3b --type Q4_0,Q4_K_M,Q8_0 --markdown
              kite bench --preset stablelm-3b -p 0 -n 32 -b 1,2,4,8
              kite bench --preset zephyr-7b --type Q5_K_M -d 0,4096 --kv f16 --json
              kite bench --preset stablelm-3b --draft lookup -n 256
              kite bench --tokenizer -m tokenizer.json -f prose.txt
              kite bench --grammar schema.json -m tokenizer.json -f answer.json
            """
    )

    @OptionGroup var model: ModelArguments

    @Option(
        help: ArgumentHelp("Random weights in the shape of a published model, instead of a file.", valueName: "name"))
    var preset: String?

    @Option(help: ArgumentHelp("Types of the preset's weights. (default: Q4_K_M)", valueName: "type,…"))
    var type: String?

    @Option(
        name: [.customShort("p"), .long],
        help: ArgumentHelp("Lengths of prompts to read; 0 for none.", valueName: "n,…"))
    var nPrompt: String = "512"

    @Option(
        name: [.customShort("n"), .long], help: ArgumentHelp("Numbers of tokens to make; 0 for none.", valueName: "n,…")
    )
    var nGen: String = "64"

    @Option(
        name: [.customShort("d"), .long], help: ArgumentHelp("Tokens in the context beforehand.", valueName: "n,…"))
    var nDepth: String = "0"

    @Option(
        name: [.customShort("b"), .long],
        help: ArgumentHelp("Sequences that make their tokens together.", valueName: "n,…"))
    var nSeq: String = "1"

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Threads that compute. (default: the cores this process may use)", valueName: "n,…"))
    var threads: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("How often to measure.", valueName: "n"))
    var repetitions: Int = 5

    @Option(help: "How keys and values are remembered. (default: f16; f32 for models of f32 weights)")
    var kv: CacheTypeArgument?

    @Option(help: "How activations meet quantized weights: int8 (fast) or f32 (exact, slower).")
    var activations = ActivationArgument.int8

    @OptionGroup var adapters: AdapterArguments

    @Flag(help: "Measure the tokenizer instead, encoding on one thread; the model may be a tokenizer.json.")
    var tokenizer = false

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Text for --tokenizer; without it 8 MB of made-up English prose.", valueName: "file"))
    var file: String?

    @Option(
        help: ArgumentHelp(
            "Measure constrained answers instead: what the masks of this JSON schema or GBNF grammar cost along the text of -f.",
            valueName: "file"))
    var grammar: String?

    @Flag(help: "Write a table in Markdown.")
    var markdown = false

    @Option(
        help: ArgumentHelp(
            "Measure speculation instead: a text of -n tokens is written again with one change.", valueName: "source"))
    var draft = DraftArgument.none

    @Flag(help: "Write JSON with llama-bench's field names.")
    var json = false

    func validate() throws {
        if json, markdown { throw ValidationError("--json and --markdown exclude each other") }
        if file != nil, !tokenizer, grammar == nil {
            throw ValidationError("--file goes with --tokenizer or --grammar")
        }
        if !adapters.isEmpty, tokenizer || draft != .none || grammar != nil {
            throw ValidationError("--lora goes without --tokenizer, --grammar and --draft")
        }
        if type != nil, preset == nil { throw ValidationError("--type goes with --preset") }
    }

    func run() async throws {
        if tokenizer { return try await measureTokenizer() }
        if let grammar { return try await measureGrammar(grammar) }
        let plan = try BenchPlan(
            prompt: nPrompt, generated: nGen, depth: nDepth, sequences: nSeq, threads: threads,
            repetitions: repetitions)
        if preset != nil, model.model ?? model.path != nil {
            throw CLIError.usage("a model and --preset exclude each other")
        }
        let path = try await model.chosenPath
        let options = LoadOptions(kvCacheType: kv?.type, activations: activations.precision)
        if draft != .none { return try await measureDrafting(plan, options, path: path) }

        let stop = StopFlag()
        try await Interrupts.handled(by: { stop.raise() }) {
            let runner = BenchRunner(
                plan: plan, options: options, adapters: adapters, output: output, stop: stop)
            if let preset {
                let types = (type ?? "Q4_K_M").split(separator: ",", omittingEmptySubsequences: false).map(String.init)
                for type in types where !stop.isRaised { try runner.measure(BenchModel(preset: preset, type: type)) }
            } else {
                try runner.measure(BenchModel(path: path))
            }
            try runner.finish()
        }
        if stop.isRaised { throw CLIError.interrupted }
    }

    private var output: BenchRunner.Output { json ? .json : markdown ? .markdown : .plain }

    private func measureTokenizer() async throws {
        guard (1...10_000).contains(repetitions) else {
            throw CLIError.usage("--repetitions \(repetitions) is not between 1 and 10000")
        }
        let path = try await model.chosenPath
        let tokenizer = try path.map { try Tokenizer.load(path: $0) } ?? Tokenizer.load(.open(.nano))
        let text = try file.map { try SystemIO.contents(of: $0) } ?? TokenizerBenchmark.prose(count: 8_000_000)
        let result = TokenizerBenchmark(tokenizer, text: text, runs: repetitions)
        if json {
            let value: JSONValue = [
                "model_filename": .string(path ?? "built-in"), "pre_tokenizer": .string(tokenizer.preTokenizerName),
                "n_bytes": .integer(Int64(result.byteCount)), "n_tokens": .integer(Int64(result.tokenCount)),
                "median_mb_per_s": .number(result.megabytesPerSecond),
                "samples_s": .array(result.seconds.map(JSONValue.number)),
            ]
            return try Console.writeJSON(value, pretty: true)
        }
        let rate = Format.fixed(result.megabytesPerSecond, 1)
        let size = Format.bytes(result.byteCount)
        Console.writeLine("\(path ?? "built-in"): \(rate) MB/s, \(size) to \(result.tokenCount) tokens, one thread")
    }
}
