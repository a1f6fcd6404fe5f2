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
        // The weights come from the disk while the vocabulary is read.
        for store in checkpoint.stores { store.prefetch() }
        // Weights that are locked are no longer part of it.
        let freeMemory = FreeMemory.bytes
        let lockWarnings = try lock(checkpoint, options)
        let tokenizer = try Tokenizer.load(checkpoint, preTokenizerOverride: options.preTokenizer)
        let template = try ResolvedTemplate(checkpoint, tokenizer: tokenizer, override: options.chatTemplate)
        return try LanguageModel(
            checkpoint: checkpoint, name: checkpoint.name, tokenizer: tokenizer, template: template,
            warnings: checkpoint.warnings + tokenizer.warnings + template.warnings + lockWarnings, options: options,
            freeMemory: freeMemory)
    }

    /// Keeps the weights in memory as `options` ask.
    /// - Returns: Why not, in a sentence, where that is no error.
    private static func lock(_ checkpoint: Checkpoint, _ options: LoadOptions) throws(MemoryLockError) -> [String] {
        guard options.memoryLocking != .off else { return [] }
        do {
            for store in checkpoint.stores { try store.lockInMemory() }
        } catch {
            if options.memoryLocking == .required { throw error }
            return ["\(error.description)"]
        }
        return []
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
