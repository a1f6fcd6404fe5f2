extension Tokenizer {
    /// The tokenizer of a model, without its weights.
    ///
    /// Besides a model the source may be what has a vocabulary only: a GGUF file without tensors, a `tokenizer.json`
    /// or a `tokenizer.model`.
    /// - Parameter preTokenizerOverride: For GGUF, how byte-level text is split, in place of what the file says.
    /// - Throws: ``TokenizerError``, or an error about the file.
    public static func load(from source: ModelSource, preTokenizerOverride: String? = nil) throws -> Tokenizer {
        guard case .path(let path) = source.kind else {
            return try load(Checkpoint.open(source), preTokenizerOverride: preTokenizerOverride)
        }
        if path.hasSuffix(".json") { return try load(tokenizerJSON: ByteRegion(ByteStore.mapping(path))) }
        if path.hasSuffix(".model") {
            let bytes = try ByteStore.mapping(path).withBytes { bytes in bytes.withUnsafeBytes { [UInt8]($0) } }
            return try load(sentencePiece: bytes)
        }
        if FileSystem.isFolder(path) { return try load(HuggingFaceFolder(path: path)) }
        return try load(gguf: GGUFFile(path: path), preTokenizerOverride: preTokenizerOverride)
    }
}
