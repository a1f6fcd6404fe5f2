import ArgumentParser
import Kite

/// Which model.
struct ModelArguments: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "A GGUF file (of a split one any part) or a checkpoint folder; without one the built-in model.",
            valueName: "path"))
    var model: String?

    @Argument(help: ArgumentHelp("The same as --model.", valueName: "model"))
    var path: String?

    /// The model asked for.
    var source: ModelSource {
        get throws { try Self.source(option: model, positional: path) }
    }

    /// The path asked for; nil for the built-in model.
    var chosenPath: String? {
        get throws { try Self.path(option: model, positional: path) }
    }

    /// The model that `--model` and the argument agree on.
    static func source(option: String?, positional: String?) throws -> ModelSource {
        try path(option: option, positional: positional).map(ModelSource.path) ?? .nano
    }

    /// The path that `--model` and the argument agree on.
    static func path(option: String?, positional: String?) throws -> String? {
        if let option, let positional, option != positional {
            throw CLIError.usage("two models, -m \(option) and \(positional): name one")
        }
        guard let path = option ?? positional else { return nil }
        guard !path.isEmpty else { throw CLIError.usage("the model's path is empty") }
        guard SystemIO.exists(path) else {
            if option == nil, path.contains(where: \.isWhitespace) {
                throw CLIError.usage("there is no model '\(path)'; a prompt goes after -p")
            }
            throw CLIError.failure(
                "there is no file or folder '\(path)'; give the path of a GGUF file or a checkpoint folder")
        }
        return SystemIO.expandingTilde(path)
    }
}
