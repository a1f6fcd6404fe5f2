/// Why a checkpoint could not be converted.
public enum ConversionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// There is a file of that name already.
    case exists(String)
    /// A folder without the tokenizer file that its kind of model has.
    case noTokenizer(folder: String)
    /// A tokenizer file that is malformed; what, and where.
    case tokenizer(file: String, String)
    /// A token beyond the rows of the embedding table.
    case tokenOutOfRange(token: String, id: Int, vocabulary: Int)
    /// Two tokens with one id.
    case duplicateTokenID(Int)
    /// A tokenizer of a kind GGUF has no name for.
    case unsupportedTokenizer(String)
    /// A weight that 16-bit floats cannot hold.
    case overflow(tensor: String, row: Int, column: Int)
    /// A weight that is infinite or no number.
    case notFinite(tensor: String, row: Int, column: Int)
    /// The system gives no thread to encode with.
    case noThreads
    /// Not a type a checkpoint can be converted to.
    case unknownType(String)

    /// One line for a person.
    public var description: String {
        switch self {
        case .exists(let path): "\(path) exists already; choose another name or allow overwriting"
        case .noTokenizer(let folder): "\(folder): no tokenizer.json or tokenizer.model in this folder"
        case .tokenizer(let file, let problem): "\(file): \(problem)"
        case .tokenOutOfRange(let token, let id, let vocabulary):
            "token \"\(token)\" has the id \(id), but the embedding table has \(vocabulary) rows"
        case .duplicateTokenID(let id): "two tokens have the id \(id)"
        case .unsupportedTokenizer(let what): "the tokenizer \(what), for which GGUF has no form"
        case .overflow(let tensor, let row, let column):
            "tensor \(tensor) has a weight too large for F16 in row \(row), column \(column): choose bf16 or f32"
        case .notFinite(let tensor, let row, let column):
            "tensor \(tensor) has a weight that is not a finite number in row \(row), column \(column)"
        case .noThreads: "the system gives no thread to work with: too many processes?"
        case .unknownType(let name): "\"\(name)\" is no type to convert to; there are f32, f16, bf16 and q8_0"
        }
    }
}
