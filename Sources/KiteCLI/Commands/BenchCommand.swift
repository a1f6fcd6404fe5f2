import ArgumentParser
import Kite
import KiteTools
import Synchronization

/// `kite bench`: how fast a model runs on this machine.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure how fast a model reads prompts and makes tokens.",
        discussion: """
            By llama-bench's definitions: tokenizer and sampling are not part of it. With --preset the model has a \
            published shape and random weights made in memory, as large as the real file, so nothing needs to be \
            downloaded.

            Presets: \(ModelConfiguration.presets.map(\.name).joined(separator: ", "))
            Types as the model cards name them:
              \(QuantizationMix.cardNames.joined(separator: " "))
            Types for every matrix alike:
              \(QuantizationMix.allNames.dropFirst(QuantizationMix.cardNames.count).joined(separator: " "))

            Examples:
              kite bench
              kite bench stablelm-zephyr-3b.Q4_K_M.gguf -p 512 -n 64 -t 2
              kite bench --preset stablelm-3b --type Q4_K_M
              kite bench --preset zephyr-7b --type Q5_K_M -p 512,2048 -d 0,1024 --json
              kite bench --tokenizer -m tokenizer.json -f prose.txt
            """
    )

    @OptionGroup var model: ModelArguments

    @Option(
        help: ArgumentHelp("Random weights in the shape of a published model, instead of a file.", valueName: "name"))
    var preset: String?

    @Option(help: ArgumentHelp("Types of the preset's weights. (default: Q4_K_M)", valueName: "type"))
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

    @Option(name: .shortAndLong, help: ArgumentHelp("How often to measure.", valueName: "n"))
    var repetitions: Int = 5

    @Flag(help: "Measure the tokenizer instead, encoding on one thread; the model may be a tokenizer.json.")
    var tokenizer = false

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Text for --tokenizer; without it 8 MB of made-up English prose.", valueName: "file"))
    var file: String?

    @OptionGroup(title: "Engine") var engine: EngineArguments

    @Flag(help: "Write JSON with llama-bench's field names.")
    var json = false

    func run() async throws {
        if tokenizer { return try measureTokenizer() }
        if file != nil { throw CLIError.usage("--file goes with --tokenizer") }
        let tests = try plannedTests()
        guard (1...10_000).contains(repetitions) else {
            throw CLIError.usage("--repetitions \(repetitions) is not between 1 and 10000")
        }
        let options = try engine.loadOptions()
        let threads = options.threads ?? ThreadPool.defaultThreadCount
        let (checkpoint, name, type) = try openModel()
        let benchmark = try SpeedBenchmark(checkpoint, options: options, threads: threads)
        let report = BenchReport(
            model: name, type: type, bytes: checkpoint.tensorByteCount, parameters: checkpoint.parameterCount,
            threads: threads)

        let stop = StopFlag()
        let results = try await Interrupts.handled(by: { stop.raise() }) {
            if !json { Console.writeLine(report.heading) }
            var results: [SpeedBenchmark.Result] = []
            for test in tests where !stop.isRaised {
                let result = try benchmark.run(test, repetitions: repetitions, shouldStop: { stop.isRaised })
                guard !result.samples.isEmpty else { break }
                results.append(result)
                if !json { Console.writeLine(report.row(result)) }
            }
            return results
        }
        if json { try Console.writeJSON(report.json(results), pretty: true) }
        if stop.isRaised { throw CLIError.interrupted }
    }

    private func measureTokenizer() throws {
        guard (1...10_000).contains(repetitions) else {
            throw CLIError.usage("--repetitions \(repetitions) is not between 1 and 10000")
        }
        let path = try model.chosenPath
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

    private func openModel() throws -> (checkpoint: Checkpoint, name: String, type: String) {
        guard let preset else {
            if type != nil { throw CLIError.usage("--type goes with --preset") }
            let checkpoint = try Checkpoint.open(model.source)
            let path = try model.chosenPath
            return (checkpoint, path ?? "built-in", Self.mainType(of: checkpoint))
        }
        guard try model.chosenPath == nil else { throw CLIError.usage("a model and --preset exclude each other") }
        guard let shape = ModelConfiguration.presets.first(where: { $0.name == preset.lowercased() }) else {
            let names = ModelConfiguration.presets.map(\.name).joined(separator: ", ")
            throw CLIError.usage("there is no preset '\(preset)': choose \(names)")
        }
        guard let mix = QuantizationMix(name: type ?? "Q4_K_M") else {
            throw CLIError.usage(
                "there is no type '\(type ?? "")': choose \(QuantizationMix.allNames.joined(separator: ", "))")
        }
        let size = try SyntheticModel.size(of: shape.configuration, mix: mix)
        Console.note("making \(Format.bytes(size.bytes)) of random weights (\(shape.name) \(mix.name))")
        let checkpoint = try SyntheticModel.checkpoint(
            name: shape.name, configuration: shape.configuration, mix: mix)
        return (checkpoint, shape.name, mix.name)
    }

    /// The type that holds most of the weights.
    private static func mainType(of checkpoint: Checkpoint) -> String {
        var weights: [TensorType: Int] = [:]
        for name in checkpoint.tensorNames {
            guard let matrix = try? checkpoint.tensor(name) else { continue }
            weights[matrix.type, default: 0] += matrix.rows * matrix.columns
        }
        return weights.max { ($0.value, $0.key.rawValue) < ($1.value, $1.key.rawValue) }?.key.name ?? "?"
    }

    private func plannedTests() throws -> [SpeedBenchmark.Test] {
        let prompts = try Self.numbers(nPrompt, "--n-prompt")
        let generated = try Self.numbers(nGen, "--n-gen")
        let depths = try Self.numbers(nDepth, "--n-depth")
        let tests = depths.flatMap { depth in
            prompts.filter { $0 > 0 }.map { SpeedBenchmark.Test(prompt: $0, depth: depth) }
                + generated.filter { $0 > 0 }.map { SpeedBenchmark.Test(generated: $0, depth: depth) }
        }
        guard !tests.isEmpty else { throw CLIError.usage("nothing to measure: -p or -n must be more than 0") }
        return tests
    }

    /// `128,512` as numbers.
    static func numbers(_ text: String, _ option: String) throws -> [Int] {
        try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            guard let number = Int(part), (0...1 << 20).contains(number) else {
                throw CLIError.usage("\(option) '\(text)' is not a list of numbers like 128,512")
            }
            return number
        }
    }
}

/// Set by Ctrl-C, asked by the measuring loop.
final class StopFlag: Sendable {
    private let flag = Atomic<Bool>(false)

    /// Whether to stop.
    var isRaised: Bool { flag.load(ordering: .relaxed) }

    /// Asks to stop.
    func raise() { flag.store(true, ordering: .relaxed) }
}
