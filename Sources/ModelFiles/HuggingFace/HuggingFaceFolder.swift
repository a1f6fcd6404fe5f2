public import TensorCore

/// A checkpoint folder as downloaded from Hugging Face: `config.json`, safetensors, tokenizer files.
public struct HuggingFaceFolder: Sendable {
    /// Where the folder is.
    public let path: String
    /// `config.json`.
    public let config: JSONObject
    /// The weights.
    public let weights: SafetensorsCheckpoint

    /// Files beside config and weights that say how to use the model.
    public enum SideFile: String, Sendable, CaseIterable {
        /// The tokenizer in the form of the `tokenizers` library.
        case tokenizer = "tokenizer.json"
        /// Special tokens, template, options of the tokenizer.
        case tokenizerConfig = "tokenizer_config.json"
        /// A SentencePiece model.
        case sentencePiece = "tokenizer.model"
        /// The chat template, where it is not in `tokenizer_config.json`.
        case chatTemplate = "chat_template.jinja"
        /// Names of special tokens.
        case specialTokens = "special_tokens_map.json"
        /// Tokens added to a SentencePiece model.
        case addedTokens = "added_tokens.json"
        /// How the authors sample; end-of-text ids.
        case generationConfig = "generation_config.json"
        /// How an older GPTQ checkpoint was quantized.
        case quantizeConfig = "quantize_config.json"
        /// The model card.
        case readme = "README.md"
    }

    /// Opens the folder at `path`.
    /// - Throws: ``CheckpointError`` when it is no checkpoint, ``ConfigurationError`` and ``SafetensorsError`` when it is
    ///   a damaged one.
    public init(path: String) throws {
        self.path = path
        let configPath = FileSystem.join(path, "config.json")
        guard FileSystem.exists(configPath) else { throw Self.explainMissing("config.json", in: path) }
        let bytes = try FileSystem.read(configPath)
        do {
            config = try JSONValue(parsing: bytes).asObject()
        } catch {
            throw ConfigurationError.json(error)
        }
        guard SafetensorsCheckpoint.isThere(path) else { throw Self.explainMissing("model.safetensors", in: path) }
        weights = try SafetensorsCheckpoint(folder: path)
    }

    /// The contents of a side file; nil when the folder has none of that name.
    /// - Throws: ``FileError`` when it is there and cannot be read.
    public func contents(of file: SideFile) throws(FileError) -> ByteRegion? {
        let filePath = FileSystem.join(path, file.rawValue)
        guard FileSystem.exists(filePath) else { return nil }
        return ByteRegion(try ByteStore.mapping(filePath))
    }

    /// A side file as JSON; nil when the folder has none of that name.
    /// - Throws: ``CheckpointError/invalidSideFile(_:_:)`` when it is no JSON, ``FileError`` when it cannot be read.
    public func json(_ file: SideFile) throws -> JSONValue? {
        guard let region = try contents(of: file) else { return nil }
        do {
            return try JSONValue(parsing: region)
        } catch {
            throw CheckpointError.invalidSideFile(FileSystem.join(path, file.rawValue), error)
        }
    }

    /// A side file as text; nil when the folder has none of that name.
    /// - Throws: ``CheckpointError/notUTF8(_:)`` when it is no UTF-8, ``FileError`` when it cannot be read.
    public func text(_ file: SideFile) throws -> String? {
        guard let region = try contents(of: file) else { return nil }
        let bytes = region.withBytes { $0.withUnsafeBytes { [UInt8]($0) } }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CheckpointError.notUTF8(FileSystem.join(path, file.rawValue))
        }
        return text
    }

    /// Why `file` may be missing from the folder, with the next step.
    private static func explainMissing(_ file: String, in folder: String) -> CheckpointError {
        let names = FileSystem.names(in: folder)
        if let model = names.first(where: { $0.hasSuffix(".gguf") }) {
            return .ggufInFolder(FileSystem.join(folder, model))
        }
        if file != "config.json",
            let pickle = names.first(where: {
                ($0.hasPrefix("pytorch_model") || $0.hasPrefix("consolidated"))
                    && ($0.hasSuffix(".bin") || $0.hasSuffix(".pt") || $0.hasSuffix(".pth"))
            })
        {
            return .pickledWeights(FileSystem.join(folder, pickle))
        }
        return .notACheckpoint(folder: folder, missing: file)
    }
}
