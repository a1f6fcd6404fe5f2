/// Why a model's files do not make a model.
public enum CheckpointError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Nothing at that path.
    case notFound(String)
    /// A folder without a file that checkpoints have.
    case notACheckpoint(folder: String, missing: String)
    /// A folder that has a GGUF file instead of a checkpoint.
    case ggufInFolder(String)
    /// Weights as a Python pickle only.
    case pickledWeights(String)
    /// A safetensors file given instead of its folder.
    case safetensorsAlone(String)
    /// A side file that is no JSON.
    case invalidSideFile(String, JSONError)
    /// A text file that is no UTF-8.
    case notUTF8(String)
    /// A tensor the model needs and the files do not have.
    case missingTensor(String)
    /// A tensor of another shape than the hyper-parameters say; rows and columns.
    case wrongShape(String, found: [Int], expected: [Int])
    /// More or fewer tokens than rows of the embedding table.
    case vocabularyMismatch(tokens: Int, rows: Int)
    /// Fused q, k and v that do not have the rows of all three.
    case wrongFusedShape(String, rows: Int, expected: Int)

    /// One line for a person.
    public var description: String {
        switch self {
        case .notFound(let path): "\(path): no such file or folder"
        case .notACheckpoint(let folder, let missing):
            "\(folder): no \(missing) in this folder; give a .gguf file or a folder with config.json, "
                + "model.safetensors and tokenizer.json"
        case .ggufInFolder(let path): "this folder is no checkpoint, but it has a GGUF file: give \(path)"
        case .pickledWeights(let path):
            "\(path): weights as a Python pickle are not read; get the model's safetensors files"
        case .safetensorsAlone(let path):
            "\(path): give the folder, which has config.json and the tokenizer, not the weights alone"
        case .invalidSideFile(let path, let error): "\(path): \(error)"
        case .notUTF8(let path): "\(path): not valid UTF-8"
        case .missingTensor(let name): "the model lacks the tensor \(name)"
        case .wrongShape(let name, let found, let expected):
            "tensor \(name) has the shape \(found), but the hyper-parameters make it \(expected)"
        case .vocabularyMismatch(let tokens, let rows):
            "the vocabulary has \(tokens) tokens, but the embedding table has \(rows) rows"
        case .wrongFusedShape(let name, let rows, let expected):
            "tensor \(name) has \(rows) rows, but q, k and v together have \(expected)"
        }
    }
}
