import ArgumentParser
import Kite

/// Types of remembered keys and values, by their names on the command line.
enum CacheTypeArgument: String, CaseIterable, ExpressibleByArgument {
    case f16
    case f32
    case int8

    /// `q8_0` is what llama.cpp calls its 8-bit cache.
    init?(argument: String) { self.init(rawValue: argument == "q8_0" ? "int8" : argument) }

    var type: KVCacheType {
        switch self {
        case .f16: .f16
        case .f32: .f32
        case .int8: .int8
        }
    }
}

/// Precisions of activations, by their names on the command line.
enum ActivationArgument: String, CaseIterable, ExpressibleByArgument {
    case int8
    case f32

    var precision: ActivationPrecision { self == .int8 ? .int8 : .float32 }
}

/// How a model is run.
struct EngineArguments: ParsableArguments {
    @Option(
        name: [.customShort("c"), .long],
        help: ArgumentHelp(
            "Tokens of prompt and answer together; 0 takes what the model was trained for. (default: that, at most 4096)",
            valueName: "n"))
    var ctxSize: Int?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Threads that compute. (default: the cores this process may use)", valueName: "n"))
    var threads: Int?

    @Option(
        help: ArgumentHelp(
            "How keys and values are remembered; int8 takes half the memory of f16 and is faster in long contexts. "
                + "(default: f16; f32 for models of f32 weights)"))
    var kv: CacheTypeArgument?

    @Option(help: "How activations meet quantized weights: int8 (fast) or f32 (exact, slower).")
    var activations = ActivationArgument.int8

    @Option(
        help: ArgumentHelp("The tokenizer's pre-tokenizer, instead of what the file says.", valueName: "name"))
    var pre: String?

    @Flag(help: "Keep the weights in memory when others want it, as far as the system allows.")
    var mlock = false

    @Flag(help: "The same, and fail when the system does not allow it.")
    var mlockRequired = false

    /// The library's options.
    func loadOptions(chatTemplate: String? = nil) throws -> LoadOptions {
        if let threads, !(1...1024).contains(threads) {
            throw CLIError.usage("--threads \(threads) is not between 1 and 1024")
        }
        if let ctxSize, ctxSize != 0, !(8...1 << 24).contains(ctxSize) {
            throw CLIError.usage("--ctx-size \(ctxSize) is neither 0 nor between 8 and \(1 << 24)")
        }
        return LoadOptions(
            threads: threads, contextLength: ctxSize, kvCacheType: kv?.type, activations: activations.precision,
            chatTemplate: chatTemplate, preTokenizer: pre,
            memoryLocking: mlockRequired ? .required : mlock ? .ifAllowed : .off)
    }
}
