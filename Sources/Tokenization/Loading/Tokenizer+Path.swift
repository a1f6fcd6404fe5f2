#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

internal import ModelFiles
internal import TensorCore

extension Tokenizer {
    /// The tokenizer in a file (GGUF, with or without tensors, `tokenizer.json` or `tokenizer.model`, told apart by their
    /// first bytes) or in a folder that has such a file; no weights are needed.
    ///
    /// `tokenizer_config.json` and `generation_config.json` beside it are read where they are.
    /// - Parameter preTokenizerOverride: For GGUF, how byte-level text is split, in place of what the file says.
    /// - Throws: ``TokenizerError``, also when the file cannot be read.
    public static func load(
        path: String, preTokenizerOverride: String? = nil
    ) throws(TokenizerError) -> Tokenizer {
        guard let store = try map(path) else {
            for name in ["tokenizer.json", "tokenizer.model"] {
                guard let store = try map(path + "/" + name, ifThere: true) else { continue }
                return try load(bytes(store), folder: path)
            }
            throw .malformedFile(part: path, detail: "it has neither tokenizer.json nor tokenizer.model")
        }
        // tokenizer.json is an object, tokenizer.model begins with the tag of its first field; the reader of GGUF files
        // has names for most else that is downloaded by mistake.
        let isTokenizerFile = store.withBytes { bytes in
            bytes.withUnsafeBytes { bytes in
                bytes.first == 0x0A || bytes.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == 0x7B
            }
        }
        guard !isTokenizerFile, !path.hasSuffix(".model") else {
            let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
            return try load(bytes(store), folder: folder)
        }
        let file: GGUFFile
        do {
            file = try GGUFFile(path: path)
        } catch {
            throw .malformedFile(part: error.file, detail: "\(error.problem)")
        }
        return try load(gguf: file, preTokenizerOverride: preTokenizerOverride)
    }

    private static func load(_ bytes: [UInt8], folder: String) throws(TokenizerError) -> Tokenizer {
        let config = try json(folder + "/tokenizer_config.json")
        let generation = try json(folder + "/generation_config.json")
        let first = bytes.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        return first == 0x7B
            ? try load(tokenizerJSON: bytes, tokenizerConfig: config, generationConfig: generation)
            : try load(sentencePiece: bytes, tokenizerConfig: config, generationConfig: generation)
    }

    private static func json(_ path: String) throws(TokenizerError) -> JSONValue? {
        guard let store = try map(path, ifThere: true) else { return nil }
        do {
            return try JSONValue(parsing: bytes(store))
        } catch {
            throw .malformedFile(part: path, detail: "\(error)")
        }
    }

    private static func bytes(_ store: ByteStore) -> [UInt8] {
        store.withBytes { $0.withUnsafeBytes { [UInt8]($0) } }
    }

    /// A file; nil for a folder, and for what is not there where that is allowed.
    private static func map(_ path: String, ifThere: Bool = false) throws(TokenizerError) -> ByteStore? {
        do {
            return try ByteStore.mapping(path)
        } catch {
            if error.code == EISDIR || ifThere && error.code == ENOENT { return nil }
            throw .malformedFile(part: path, detail: "\(error)")
        }
    }
}
