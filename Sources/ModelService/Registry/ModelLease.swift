public import Kite

/// A model that stays loaded while this is held. Letting go of it, in whatever way, gives the model back.
public final class ModelLease: Sendable {
    /// The model's name in the registry; `name:adapter` where the request named it so.
    public let name: String
    /// The model.
    public let model: LanguageModel
    /// The adapters that the request chose; nil for none.
    public let adapters: AdapterSet?
    private let registry: ModelRegistry
    private let slot: Int
    private let isPinned: Bool

    /// A lease that has been counted already.
    /// - Throws: ``RegistryError/invalidAdapter(_:)`` when the adapters cannot be used together; the lease is given back.
    init(
        _ registry: ModelRegistry, _ match: ModelNames.Match, _ loaded: LoadedModel,
        _ chosen: [(index: Int, scale: Float)], isPinned: Bool
    ) throws(RegistryError) {
        do {
            let set = try AdapterSet(chosen.map { (loaded.adapters[$0.index], $0.scale) })
            adapters = set.isEmpty ? nil : set
        } catch {
            registry.release(match.index, isPinned: isPinned)
            throw .invalidAdapter(error.description)
        }
        name = match.name
        model = loaded.model
        self.registry = registry
        slot = match.index
        self.isPinned = isPinned
    }

    deinit { registry.release(slot, isPinned: isPinned) }
}
