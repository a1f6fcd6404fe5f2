/// Why a LoRA adapter cannot be used.
public enum AdapterError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A folder without a file that adapters have.
    case missingFile(folder: String, name: String)
    /// A file that is no adapter, or of another kind.
    case notLoRA(String)
    /// A rank of zero, or larger than any adapter's.
    case rank(String, Int)
    /// An alpha that is infinite, no number or absent.
    case alpha(String)
    /// A tensor whose shape does not fit the other half, or the base model.
    case wrongShape(String, found: [Int], expected: [Int])
    /// Half of a pair.
    case missingHalf(String)
    /// A tensor that is no half of a low-rank product.
    case unexpectedTensor(String)
    /// A tensor the base model does not have.
    case notInBase(String)
    /// An adapter made for another architecture than the base model's.
    case architecture(found: String, expected: String)
    /// Something about the adapter that this program does not do.
    case unsupported(String)
    /// An adapter without any tensors.
    case empty(String)
    /// A scale that is no finite number.
    case scale(String)
    /// A number that is not finite.
    case notFinite(String)
    /// `adapter_config.json` is no JSON, or has a member of the wrong type.
    case malformed(String, JSONError)
    /// An adapter that was read for another base model than it is used with.
    case otherBase(String)
    /// No base model given, which row order and names follow from.
    case noBase

    /// Ranks beyond this are not believed.
    package static let largestRank = 4096

    /// One line for a person.
    public var description: String {
        switch self {
        case .missingFile(let folder, let name): "\(folder): no \(name) in this folder, so it is no PEFT adapter"
        case .notLoRA(let path): "\(path) is no LoRA adapter"
        case .rank(let what, let rank):
            "\(what) has the rank \(rank), but it must be from 1 to \(Self.largestRank)"
        case .alpha(let path): "\(path): alpha is not a finite number"
        case .wrongShape(let name, let found, let expected):
            "tensor \(name) has the shape \(found), but the base model and the rank make it \(expected)"
        case .missingHalf(let name): "the adapter lacks the tensor \(name)"
        case .unexpectedTensor(let name): "the adapter has the tensor \(name), which is no half of a low-rank product"
        case .notInBase(let name): "the adapter changes \(name), which the base model does not have"
        case .architecture(let found, let expected):
            "the adapter was made for a model of the architecture \(found), but the base model is \(expected)"
        case .unsupported(let what): "\(what) is not supported"
        case .empty(let path): "\(path): the adapter has no tensors"
        case .scale(let text): "the scale \"\(text)\" of the adapter is not a finite number"
        case .notFinite(let name): "tensor \(name) of the adapter has a number that is not finite"
        case .malformed(let path, let error): "\(path): \(error)"
        case .otherBase(let path): "\(path): the adapter was loaded for another model than the one it is used with"
        case .noBase: "an adapter is converted for a base model: name its folder or file with --base"
        }
    }
}
