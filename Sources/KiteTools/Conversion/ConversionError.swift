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

    /// A type that safetensors files do not have.
    case notStorable(String)
    /// Something about the model that a checkpoint of Hugging Face has no words for.
    case notExpressible(String)
    /// A folder that is no checkpoint, and so is not replaced by one.
    case foreignFolder(String)
    /// A GGUF file to be converted to a GGUF file of another type.
    case alreadyGGUF(String)
    /// A file to be joined that is in one part.
    case notSplit(String)
    /// An option that is for something else: its name, and for what.
    case misplacedOption(String, String)
    /// Output and input are the same.
    case sameFile(String)

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
        case .notStorable(let name): "safetensors files have no \(name); choose f32, f16 or bf16"
        case .notExpressible(let what): "\(what) cannot be written as a Hugging Face checkpoint"
        case .foreignFolder(let path):
            "\(path) is there and has no config.json or adapter_config.json, so it is not replaced; choose another name"
        case .alreadyGGUF(let path):
            "\(path) is a GGUF file already; kite quantize changes its type, and an output without .gguf is a folder"
        case .notSplit(let path): "\(path) is not one of several parts, so there is nothing to join"
        case .misplacedOption(let option, let place): "\(option) is for \(place)"
        case .sameFile(let path): "\(path) is the input itself; choose another name for the output"
        case .unknownType(let name):
            "\"\(name)\" is no type to convert to; there are f32, f16, bf16, q8_0, and for GGUF files the recipes of kite quantize"
        }
    }
}
