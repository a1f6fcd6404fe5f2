import Kite

/// Loading a model for a command.
enum ModelLoading {
    /// Loads a model and says on standard error what was odd about it.
    static func load(_ source: ModelSource, options: LoadOptions, quiet: Bool = false) async throws -> LanguageModel {
        let model = try await LanguageModel.load(source, options: options)
        if !quiet { for warning in model.warnings { Console.warning(warning) } }
        return model
    }
}
