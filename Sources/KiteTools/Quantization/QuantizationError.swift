/// Why a model could not be quantized.
public enum QuantizationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// No such recipe.
    case unknownType(String)
    /// No such tensor type.
    case unknownTensorType(String)
    /// A recipe that the rules asked for do not have.
    case unknownToRules(String, rules: String)
    /// An override that is no `PATTERN=TYPE`.
    case badOverride(String)
    /// A pattern that is no regular expression.
    case badPattern(String)
    /// A pattern that no tensor's name matches.
    case unusedPattern(String)
    /// A tensor that is quantized already.
    case quantizedAlready(tensor: String, type: String)
    /// The file to write is the one to read.
    case sameFile(String)
    /// There is a file of that name already.
    case exists(String)
    /// A folder where a GGUF file is wanted.
    case folder(String)

    /// One line for a person.
    public var description: String {
        switch self {
        case .unknownType(let name):
            "there is no type '\(name)': choose \(QuantizationMix.recipeNames.joined(separator: ", "))"
        case .unknownTensorType(let name):
            "there is no tensor type '\(name)': choose one like Q4_K, Q6_K, Q8_0 or F16 (no _S, _M, _L)"
        case .unknownToRules(let name, let rules):
            "\(name) did not exist under the rules of \(rules): leave --rules out"
        case .badOverride(let text):
            "'\(text)' is not PATTERN=TYPE, such as ffn_down=q6_k or 'blk\\.[0-3]\\.=q8_0'"
        case .badPattern(let pattern): "'\(pattern)' is not a regular expression"
        case .unusedPattern(let pattern): "no tensor that can be quantized has a name that matches '\(pattern)'"
        case .quantizedAlready(let tensor, let type):
            "tensor \(tensor) is \(type) already and would lose more: start from an F16, BF16 or F32 file, "
                + "or allow it with --allow-requantize"
        case .sameFile(let path): "\(path) is the file to read: give the result another name"
        case .exists(let path): "\(path) exists already: choose another name or allow replacing it (--force)"
        case .folder(let path):
            "\(path) is a folder; quantize reads GGUF files: 'kite convert' makes one of a checkpoint, "
                + "quantized in one go with --type"
        }
    }
}
