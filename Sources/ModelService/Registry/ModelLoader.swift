package import Kite
internal import ModelFiles
internal import TensorCore

/// A model in memory, with its adapters.
package struct LoadedModel: Sendable {
    /// The model.
    package var model: LanguageModel
    /// Bytes it is counted with: weights, context, adapters.
    package var bytes: Int
    /// Its adapters, in the order of ``ModelEntry/adapters``.
    package var adapters: [LoRA]

    /// A model.
    package init(model: LanguageModel, bytes: Int, adapters: [LoRA] = []) {
        self.model = model
        self.bytes = bytes
        self.adapters = adapters
    }
}

/// A model whose files are open and whose size is known, to be loaded when there is room.
package struct OpenedModel: Sendable {
    /// Bytes it will be counted with.
    package var bytes: Int
    /// Loads it.
    package var load: @Sendable () async throws -> LoadedModel

    /// A model to be loaded.
    package init(bytes: Int, load: @escaping @Sendable () async throws -> LoadedModel) {
        self.bytes = bytes
        self.load = load
    }
}

/// Opens models for a registry.
package struct ModelLoader: Sendable {
    /// Opens the files of a model and works out what it needs.
    package var open: @Sendable (ModelEntry, RegistryOptions) async throws -> OpenedModel

    /// A loader.
    package init(open: @escaping @Sendable (ModelEntry, RegistryOptions) async throws -> OpenedModel) {
        self.open = open
    }

    /// Opens the files that entries name. What waits for the disk runs on threads of its own.
    static let files = ModelLoader { entry, options in
        let source: ModelSource
        switch entry.source {
        case .files(let files): source = files
        case .resolved(let path): source = .path(try await path())
        case .loaded(let model): return OpenedModel(bytes: model.weightBytes) { LoadedModel(model: model, bytes: 0) }
        }
        var loadOptions = entry.loadOptions ?? options.loadOptions
        let checkpoint = try await BlockingThread.run { try Checkpoint.open(source) }
        let weights = checkpoint.tensorByteCount
        if let budget = options.memoryBudget, loadOptions.kvMemory == nil {
            let context = try contextBytes(checkpoint, loadOptions)
            loadOptions.kvMemory = contextMemory(budget: budget, weights: weights, context: context)
        }
        let final = loadOptions
        return OpenedModel(bytes: weights + (final.kvMemory ?? 0)) {
            try await BlockingThread.run {
                let model = try LanguageModel.load(checkpoint, options: final)
                let adapters = try entry.adapters.map { adapter in
                    try LoRA(LoRAAdapter.open(path: adapter.path, base: model.configuration))
                }
                let statistics = model.engineStatistics
                let context = final.kvMemory ?? statistics.kvPageLimit * statistics.kvPageBytes
                return LoadedModel(
                    model: model, bytes: weights + context + adapters.reduce(0) { $0 + $1.byteCount },
                    adapters: adapters)
            }
        }
    }

    /// Bytes of one full context.
    private static func contextBytes(_ checkpoint: Checkpoint, _ options: LoadOptions) throws -> Int {
        let configuration = checkpoint.configuration
        let output = try checkpoint.shape(of: configuration.tiedEmbeddings ? "token_embd.weight" : "output.weight").type
        let layout = KVLayout(
            type: options.kvCacheType ?? (output == .f32 ? .f32 : .f16), layers: configuration.layerCount,
            kvHeads: configuration.keyValueHeadCount, headSize: configuration.headDimension)
        let most = options.contextLength ?? min(configuration.contextLength, 4096)
        let tokens = most == 0 ? configuration.contextLength : min(most, configuration.contextLength)
        let pages = (max(tokens, 1) + KVLayout.pageTokens - 1) / KVLayout.pageTokens + 1
        let (bytes, overflow) = (layout?.pageBytes ?? 0).multipliedReportingOverflow(by: pages)
        return overflow ? .max / 4 : min(bytes, .max / 4)
    }

    /// Bytes for the contexts of a model that does not say how many: half of what the budget leaves beside its weights,
    /// no more than four full contexts and no less than one.
    static func contextMemory(budget: Int, weights: Int, context: Int) -> Int {
        max(context, min((budget - weights) / 2, 4 * context))
    }
}

extension RegistryError {
    /// What `error` means for clients: nothing of this machine's folders.
    init(_ error: any Error, model: String) {
        if let error = error as? RegistryError {
            self = error
            return
        }
        if case .notFound? = error as? CheckpointError {
            self = .missingFile(model: model)
            return
        }
        // Words with slashes are paths, of which the last part is enough.
        let words = "\(error)".split(separator: " ", omittingEmptySubsequences: false).map { word in
            word.first == "/" || word.hasPrefix("./") || word.hasPrefix("../") || word.hasPrefix("~/")
                ? word.split(separator: "/").last ?? word : word
        }
        self = .loadFailed(model: model, reason: words.joined(separator: " "))
    }
}
