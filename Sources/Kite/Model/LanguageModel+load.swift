internal import CNano

extension LanguageModel {
    /// Loads a model. Weights stay in their file, which is mapped; nothing is copied or converted.
    /// - Parameters:
    ///   - source: Where from: ``ModelSource/path(_:)`` or ``ModelSource/nano``.
    ///   - options: How it is to run.
    /// - Throws: An error that says in one line what is wrong with which file: ``FileError``, ``GGUFError``,
    ///   `SafetensorsError`, ``ConfigurationError``, ``TokenizerError``, ``ChatTemplateError``…
    @concurrent
    public static func load(_ source: ModelSource, options: LoadOptions = .init()) async throws -> LanguageModel {
        try load(Checkpoint.open(source), options: options)
    }

    /// Loads a model from files that are open already.
    package static func load(_ checkpoint: Checkpoint, options: LoadOptions) throws -> LanguageModel {
        let tokenizer = try Tokenizer.load(checkpoint, preTokenizerOverride: options.preTokenizer)
        let template = try ResolvedTemplate(checkpoint, tokenizer: tokenizer, override: options.chatTemplate)
        return try LanguageModel(
            checkpoint: checkpoint, name: checkpoint.name, tokenizer: tokenizer, template: template,
            warnings: checkpoint.warnings + tokenizer.warnings + template.warnings, options: options)
    }
}

extension Checkpoint {
    /// The files of `source`.
    package static func open(_ source: ModelSource) throws -> Checkpoint {
        switch source.kind {
        case .path(let path):
            return try Checkpoint.open(path: path)
        case .nano:
            let store = ByteStore.linked(kite_nano_model(), count: kite_nano_model_size())
            return try Checkpoint(gguf: GGUFFile(store, name: "the built-in model"))
        }
    }
}
