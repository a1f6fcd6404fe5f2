/// Why a model's hyper-parameters cannot be used.
public enum ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A family of models this program does not run.
    case unknownArchitecture(String)
    /// A hyper-parameter the file must give and does not.
    case missing(String)
    /// Something about the model that this program does not do.
    case unsupported(String)
    /// A hyper-parameter that is zero or negative.
    case notPositive(String, value: String)
    /// A hyper-parameter beyond any sensible size.
    case tooLarge(String, value: Int, limit: Int)
    /// A number that is infinite or no number.
    case notFinite(String)
    /// A number of dimensions that must be even and is not.
    case odd(String, value: Int)
    /// A number that must divide another and does not.
    case notDividing(String, value: Int, dividend: String, dividendValue: Int)
    /// A number that must not exceed another and does.
    case exceeds(String, value: String, limit: String, limitValue: String)
    /// A member of `config.json` that is of the wrong type, or `config.json` is no JSON.
    case json(JSONError)

    /// One line for a person.
    public var description: String {
        switch self {
        case .unknownArchitecture(let name):
            "architecture \"\(name)\" is not supported; supported are stablelm (StableLM 3B, StableLM 2) "
                + "and llama (Llama, Mistral, Zephyr 7B)"
        case .missing(let key): "the model does not say \(key)"
        case .unsupported(let what): "\(what) is not supported"
        case .notPositive(let key, let value): "\(key) is \(value), but must be positive"
        case .tooLarge(let key, let value, let limit): "\(key) is \(value), more than the limit of \(limit)"
        case .notFinite(let key): "\(key) is not a finite number"
        case .odd(let key, let value): "\(key) is \(value), but must be even"
        case .notDividing(let key, let value, let dividend, let dividendValue):
            "\(key) (\(value)) does not divide \(dividend) (\(dividendValue))"
        case .exceeds(let key, let value, let limit, let limitValue):
            "\(key) (\(value)) exceeds \(limit) (\(limitValue))"
        case .json(let error): "config.json: \(error)"
        }
    }
}
