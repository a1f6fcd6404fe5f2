public import Kite

/// A model that stays loaded while this is held. Letting go of it, in whatever way, gives the model back.
public final class ModelLease: Sendable {
    /// The model's name in the registry; `name:adapter` where the request named it so.
    public let name: String
    /// The model.
    public let model: LanguageModel
    private let onRelease: @Sendable () -> Void

    init(name: String, model: LanguageModel, onRelease: @escaping @Sendable () -> Void) {
        self.name = name
        self.model = model
        self.onRelease = onRelease
    }

    deinit { onRelease() }
}
