public import Kite

/// The models there are, by name.
public final class ModelRegistry: Sendable {
    private let models: [(name: String, model: LanguageModel)]

    /// Models that are loaded already. The first answers requests that name none.
    public init(loaded models: [(name: String, model: LanguageModel)]) {
        self.models = models
    }

    /// The names, in order.
    public var names: [String] { models.map(\.name) }

    /// A model to work with.
    /// - Parameter name: Its name; nil takes the first.
    func acquire(_ name: String?) async throws -> ModelLease {
        guard let found = name == nil ? models.first : models.first(where: { $0.name == name }) else {
            throw ServiceError.notFound(
                "there is no model '\(name ?? "")'", param: "model", code: "model_not_found")
        }
        return ModelLease(name: found.name, model: found.model)
    }
}

/// A model that stays loaded while this is held.
final class ModelLease: Sendable {
    let name: String
    let model: LanguageModel

    init(name: String, model: LanguageModel) {
        self.name = name
        self.model = model
    }
}
