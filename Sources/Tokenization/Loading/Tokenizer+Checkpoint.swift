public import ModelFiles
internal import TensorCore

extension Tokenizer {
    /// The tokenizer that belongs to a model: of the GGUF file, or of `tokenizer.json` or else `tokenizer.model` in the
    /// checkpoint folder.
    /// - Parameter preTokenizerOverride: For GGUF, how byte-level text is split, in place of what the file says.
    /// - Throws: ``TokenizerError``, also when there is no tokenizer.
    public static func load(
        _ checkpoint: Checkpoint, preTokenizerOverride: String? = nil
    ) throws(TokenizerError) -> Tokenizer {
        switch checkpoint.source {
        case .gguf(let file): try load(gguf: file, preTokenizerOverride: preTokenizerOverride)
        case .huggingFace(let folder): try load(folder)
        }
    }

    /// The tokenizer in a Hugging Face checkpoint folder.
    /// - Throws: ``TokenizerError``, also when the folder has none.
    public static func load(_ folder: HuggingFaceFolder) throws(TokenizerError) -> Tokenizer {
        do {
            let config = try folder.json(.tokenizerConfig)
            let generation = try folder.json(.generationConfig)
            if let tokenizer = try folder.contents(of: .tokenizer) {
                return try load(tokenizerJSON: tokenizer, tokenizerConfig: config, generationConfig: generation)
            }
            if let model = try folder.contents(of: .sentencePiece) {
                let bytes = model.withBytes { $0.withUnsafeBytes { [UInt8]($0) } }
                return try load(sentencePiece: bytes, tokenizerConfig: config, generationConfig: generation)
            }
        } catch let error as TokenizerError {
            throw error
        } catch {
            throw .malformedFile(part: folder.path, detail: "\(error)")
        }
        throw .malformedFile(part: folder.path, detail: "it has neither tokenizer.json nor tokenizer.model")
    }
}
