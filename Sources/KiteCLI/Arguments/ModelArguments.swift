import ArgumentParser
import Kite

/// Which model.
struct ModelArguments: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "A GGUF file (of a split one any part), a checkpoint folder, or owner/repo[:type] of the Hub; without one the "
                + "built-in model.", valueName: "model"))
    var model: String?

    @Argument(help: ArgumentHelp("The same as --model.", valueName: "model"))
    var path: String?

    /// The model asked for.
    var source: ModelSource {
        get async throws { try await Self.source(option: model, positional: path) }
    }

    /// The path asked for; nil for the built-in model.
    var chosenPath: String? {
        get async throws { try await Self.path(option: model, positional: path) }
    }

    /// The model that `--model` and the argument agree on.
    static func source(option: String?, positional: String?) async throws -> ModelSource {
        try await path(option: option, positional: positional).map(ModelSource.path) ?? .nano
    }

    /// The path that `--model` and the argument agree on; a model of the Hub is fetched when it is not here yet.
    /// - Parameter prefersCheckpoint: Whether a repository that has both GGUF files and safetensors means the latter.
    static func path(
        option: String?, positional: String?, prefersCheckpoint: Bool = false
    ) async throws -> String? {
        if let option, let positional, option != positional {
            throw CLIError.usage("two models, -m \(option) and \(positional): name one")
        }
        guard let path = option ?? positional else { return nil }
        guard !path.isEmpty else { throw CLIError.usage("the model's path is empty") }
        if option == nil, path.contains(where: \.isWhitespace), !SystemIO.exists(path) {
            throw CLIError.usage("there is no model '\(path)'; a prompt goes after -p")
        }
        return try await ModelResolver.path(path, prefersCheckpoint: prefersCheckpoint)
    }
}
