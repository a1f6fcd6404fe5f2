import ArgumentParser
import Kite
import KiteTools

/// `kite quantize`: a GGUF file with its matrices in fewer bits.
struct QuantizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quantize",
        abstract: "Store a model's weights in fewer bits.",
        usage: "kite quantize [<options>] <in> <out> <type>",
        discussion: """
            Types, as the model cards know them:
              \(QuantizationMix.cardNames.prefix(6).joined(separator: " "))
              \(QuantizationMix.cardNames.dropFirst(6).joined(separator: " "))
            and \(QuantizationMix.recipeNames.dropFirst(QuantizationMix.cardNames.count).joined(separator: " ")). \
            Files equal llama.cpp's, byte by byte. Start from F16, BF16 or F32. The result appears under its name \
            only when it is whole.

            --rules dec2023 makes the mixes of the cards' time; the names have meant other mixes since, above all Q2_K.

            Examples:
              kite quantize model.F16.gguf model.Q4_K_M.gguf Q4_K_M
              kite quantize model.F16.gguf Q4_K_M --dry-run
              kite quantize --preset stablelm-3b all --dry-run --rules dec2023
              kite quantize in.gguf out.gguf Q4_K_M --imatrix imatrix.gguf
              kite quantize in.gguf out.gguf Q4_K_S --tensor-type ffn_down=q6_k
              kite quantize in.gguf out.gguf Q6_K --output-tensor-type q8_0
              kite quantize in.gguf Q4_0,Q4_K_M,Q8_0 --report loss.md -f book.txt
            """
    )

    @Argument(help: ArgumentHelp("The file to read, the file to write, the type.", valueName: "in out type"))
    var words: [String] = []

    @Option(help: "Whose recipes: current, or dec2023 for those of the model cards' files.")
    var rules = RulesArgument.current

    @Flag(help: "Give all matrices the recipe's main type.")
    var pure = false

    @Option(
        help: ArgumentHelp(
            "The type of tensors whose names match a regular expression. May be given several times; the first that "
                + "matches counts.", valueName: "regex=type"))
    var tensorType: [String] = []

    @Option(help: ArgumentHelp("The type of output.weight.", valueName: "type"))
    var outputTensorType: String?

    @Option(help: ArgumentHelp("The type of token_embd.weight.", valueName: "type"))
    var tokenEmbeddingType: String?

    @Flag(help: "Leave output.weight as it is.")
    var leaveOutputTensor = false

    @Option(help: ArgumentHelp("How much each column matters: a file of 'kite imatrix'.", valueName: "file"))
    var imatrix: String?

    @Flag(help: "Quantize what is quantized already, which loses more.")
    var allowRequantize = false

    @Flag(help: "Write a split model in the same parts.")
    var keepSplit = false

    @Flag(help: "Show what each tensor would become and the size, and write nothing. The type 'all' compares them.")
    var dryRun = false

    @Option(help: ArgumentHelp("With --dry-run: a published shape instead of a file.", valueName: "name"))
    var preset: String?

    @Flag(help: "Write JSON about the plan, with every tensor.")
    var json = false

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Threads that work. (default: the cores this process may use)", valueName: "n"))
    var threads: Int?

    @Flag(name: .shortAndLong, help: "Say what becomes of each tensor.")
    var verbose = false

    @Option(
        help: ArgumentHelp(
            "Quantize to each type in turn, measure what it loses with 'kite perplexity', and write a table of size and "
                + "loss here, a picture beside it.", valueName: "file"))
    var report: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("The text to measure with.", valueName: "file"))
    var file: String?

    @Option(
        name: [.customShort("c"), .long], help: ArgumentHelp("Tokens of a chunk of the text.", valueName: "n"))
    var ctxSize: Int = 512

    @Option(help: ArgumentHelp("Most chunks to measure. (default: all)", valueName: "n"))
    var chunks: Int?

    @Flag(help: "Replace files that are there already.")
    var force = false

    /// Rules, by their names on the command line.
    enum RulesArgument: String, CaseIterable, ExpressibleByArgument {
        case current
        case dec2023

        var rules: QuantizationRules { self == .current ? .current : .december2023 }
    }

    func validate() throws {
        if report == nil, file != nil || chunks != nil { throw ValidationError("-f and --chunks go with --report") }
        if report != nil, dryRun { throw ValidationError("--report measures: it goes without --dry-run") }
        if let chunks, chunks < 1 { throw ValidationError("--chunks \(chunks) is not 1 or more") }
    }

    func run() async throws {
        if let report { return try await writeReport(to: SystemIO.expandingTilde(report)) }
        let arguments = try QuantizeArguments(words, preset: preset, dryRun: dryRun)
        let threads = try threadCount(arguments.threads)
        let importance = try imatrix.map { try ImportanceMatrix(path: SystemIO.expandingTilde($0)) }
        let input = try await resolve(arguments.input)
        if dryRun { return try showPlans(arguments, input: input, importance) }
        guard let input, let output = arguments.output else {
            throw CLIError.usage("which file to read, which to write, which type?")
        }
        let quantizer = try ModelQuantizer(
            path: input, mix: mix(arguments.type), options: options(), importance: importance)
        for warning in quantizer.warnings { Console.warning(warning) }
        let progress = ProgressBar(title: "Quantizing")
        let started = SystemIO.seconds
        let written = try await Interrupts.handled(
            by: {
                // The writer's unfinished files; nothing else would take them away.
                for path in quantizer.outputPaths(output) {
                    SystemIO.remove("\(path).partial-\(SystemIO.processID)")
                }
                ExitStatus.interrupted.leave()
            },
            {
                var last = -1
                return try quantizer.write(to: output, overwrite: force, threads: threads) { step in
                    if verbose, step.index != last {
                        progress.clear()
                        Console.note(PlanText.line(step.entry, index: step.index, count: step.count), style: .plain)
                    }
                    last = step.index
                    progress.update(done: step.done, total: step.total, detail: step.entry.name)
                }
            })
        progress.clear()
        let plan = quantizer.plan
        let seconds = SystemIO.seconds - started
        if json { try Console.writeJSON(plan.json(fileBytes: quantizer.fileBytes()), pretty: true) }
        Console.note(
            "wrote \(written.joined(separator: ", ")): \(Format.bytes(plan.sourceBytes)) to "
                + "\(Format.bytes(plan.tensorBytes)), \(Format.fixed(plan.bitsPerWeight, 2)) bits per weight, "
                + "in \(Format.fixed(seconds, 1)) s", style: .plain)
    }

    /// Where the file to read is; one of the Hub is fetched when it is not here yet.
    func resolve(_ input: String?) async throws -> String? {
        guard let input else { return nil }
        return try await ModelResolver.path(input)
    }

    /// What differs from the recipe.
    func options() throws -> QuantizationOptions {
        var options = QuantizationOptions()
        options.rules = rules.rules
        options.overrides = try tensorType.map { try usage(TensorTypeOverride.init, $0) }
        options.outputType = try outputTensorType.map { try usage(TensorTypeOverride.tensorType, $0) }
        options.embeddingType = try tokenEmbeddingType.map { try usage(TensorTypeOverride.tensorType, $0) }
        options.leavesOutput = leaveOutputTensor
        options.allowsRequantizing = allowRequantize
        options.keepsSplit = keepSplit
        return options
    }

    /// `make` of what the user wrote; what it complains about is the command line.
    private func usage<Value>(_ make: (String) throws -> Value, _ text: String) throws -> Value {
        do { return try make(text) } catch { throw CLIError.usage("\(error)") }
    }

    func mix(_ name: String) throws -> QuantizationMix {
        guard let mix = QuantizationMix(recipe: name, isUniform: pure) else {
            throw CLIError.usage(QuantizationError.unknownType(name).description)
        }
        return mix
    }

    func threadCount(_ last: Int? = nil) throws -> Int {
        guard let count = threads ?? last else { return ThreadPool.defaultThreadCount }
        guard (1...1024).contains(count) else { throw CLIError.usage("--threads \(count) is not between 1 and 1024") }
        return count
    }

    /// `--dry-run`.
    private func showPlans(
        _ arguments: QuantizeArguments, input: String?, _ importance: ImportanceMatrix?
    ) throws {
        var options = try options()
        let isComparison = arguments.type.lowercased() == "all"
        let names = isComparison ? rules.rules.recipeNames : [arguments.type]
        // A plan loses nothing.
        if isComparison { options.allowsRequantizing = true }
        var plans: [(plan: QuantizationPlan, fileBytes: Int?)] = []
        for name in names {
            let mix = try mix(name)
            if let preset {
                let shape = try Self.shape(preset)
                plans.append((try .init(mix, preset: shape, options: options, hasImportance: importance != nil), nil))
            } else if let input {
                let quantizer = try ModelQuantizer(path: input, mix: mix, options: options, importance: importance)
                if !isComparison { for warning in quantizer.warnings { Console.warning(warning) } }
                plans.append((quantizer.plan, try quantizer.fileBytes()))
            }
        }
        if json {
            let values = plans.map { $0.plan.json(fileBytes: $0.fileBytes) }
            try Console.writeJSON(isComparison ? .array(values) : values[0], pretty: true)
        } else if isComparison {
            Console.writeLine(PlanText.comparison(plans))
        } else {
            Console.writeLine(PlanText.table(plans[0].plan, fileBytes: plans[0].fileBytes))
        }
    }

    private static func shape(_ name: String) throws -> ModelConfiguration {
        guard let shape = ModelConfiguration.presets.first(where: { $0.name == name.lowercased() }) else {
            let names = ModelConfiguration.presets.map(\.name).joined(separator: ", ")
            throw CLIError.usage("there is no preset '\(name)': choose \(names)")
        }
        return shape.configuration
    }
}
