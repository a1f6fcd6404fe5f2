/// Why a model cannot be had.
public enum RegistryError: Error, Sendable, Hashable, CustomStringConvertible {
    /// No model of that name.
    case unknownModel(String, known: [String])
    /// The model has no such adapter.
    case unknownAdapter(String, model: String, known: [String])
    /// A scale of an adapter that is no finite number, or an adapter named twice.
    case invalidAdapter(String)
    /// The model's file is not where it was.
    case missingFile(model: String)
    /// The model's files, or an adapter's, do not make a model: why, without paths.
    case loadFailed(model: String, reason: String)
    /// The model does not fit, whatever else is unloaded.
    case tooLarge(model: String, bytes: Int, budget: Int)
    /// The models in use leave no room for this one, and it has waited long enough.
    case noRoom(model: String, retryAfterSeconds: Int)
    /// Too many requests wait for models already.
    case tooManyWaiting(retryAfterSeconds: Int)
    /// The registry is closed: the server is about to end.
    case closed
    /// Two models, or a model and an alias, have the same name.
    case duplicateName(String)
    /// There is not a single model.
    case noModels

    /// One line for a person, without paths of this machine.
    public var description: String {
        switch self {
        case .unknownModel(let name, let known):
            "there is no model '\(name)'; there are: \(known.joined(separator: ", "))"
        case .unknownAdapter(let name, let model, let known):
            known.isEmpty
                ? "model '\(model)' has no adapters, so none called '\(name)'"
                : "model '\(model)' has no adapter '\(name)'; it has: \(known.joined(separator: ", "))"
        case .invalidAdapter(let problem): problem
        case .missingFile(let model): "the file of model '\(model)' is missing"
        case .loadFailed(let model, let reason): "model '\(model)' cannot be loaded: \(reason)"
        case .tooLarge(let model, let bytes, let budget):
            "model '\(model)' needs \(Self.mebibytes(bytes)) MiB, the memory budget is \(Self.mebibytes(budget)) MiB"
        case .noRoom(let model, let seconds):
            "the models in use leave no room for '\(model)': try again in \(seconds) s"
        case .tooManyWaiting(let seconds): "too many requests wait for a model: try again in \(seconds) s"
        case .closed: "the server is about to end"
        case .duplicateName(let name): "two models are called '\(name)': give one of them another name"
        case .noModels: "there is no model to serve"
        }
    }

    /// The HTTP status that fits.
    public var status: Int {
        switch self {
        case .unknownModel: 404
        case .unknownAdapter, .invalidAdapter: 400
        case .missingFile, .loadFailed, .tooLarge, .noRoom, .tooManyWaiting, .closed: 503
        case .duplicateName, .noModels: 500
        }
    }

    /// OpenAI's word for it, for programs.
    public var code: String {
        switch self {
        case .unknownModel: "model_not_found"
        case .unknownAdapter: "adapter_not_found"
        case .invalidAdapter: "invalid_adapter"
        case .missingFile: "model_file_missing"
        case .loadFailed: "model_load_failed"
        case .tooLarge: "model_too_large"
        case .noRoom: "model_no_room"
        case .tooManyWaiting: "queue_full"
        case .closed: "unavailable"
        case .duplicateName, .noModels: "internal_error"
        }
    }

    /// The field of the request at fault; nil when it is none.
    public var parameter: String? {
        switch self {
        case .unknownModel: "model"
        case .unknownAdapter, .invalidAdapter: "lora"
        default: nil
        }
    }

    /// When to try again; nil when that would not help soon.
    public var retryAfterSeconds: Int? {
        switch self {
        case .noRoom(_, let seconds), .tooManyWaiting(let seconds): seconds
        case .closed: 5
        default: nil
        }
    }

    private static func mebibytes(_ bytes: Int) -> Int { (bytes >> 20) + (bytes & 0xF_FFFF == 0 ? 0 : 1) }
}
