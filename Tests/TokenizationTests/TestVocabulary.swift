import ModelFiles
import TensorCore

/// Small vocabularies, whole or damaged, for tests.
enum TestVocabulary {
    /// The alphabet of byte-level files: each byte's character.
    static let alphabet: [String] = {
        var next: UInt32 = 256
        return (0..<256).map { byte in
            let isPrintable = (33...126).contains(byte) || (161...172).contains(byte) || byte >= 174
            if !isPrintable { next += 1 }
            return Unicode.Scalar(isPrintable ? UInt32(byte) : next - 1).map { String($0) } ?? ""
        }
    }()

    /// Keys of a byte-level GGUF vocabulary: 256 bytes, "he", "ll", "hell", `<|endoftext|>`.
    static func byteLevel() -> GGUFMetadata {
        var metadata = GGUFMetadata(file: "test.gguf")
        let tokens = alphabet + ["he", "ll", "hell", "<|endoftext|>"]
        metadata["general.architecture"] = .string("gpt2")
        metadata["tokenizer.ggml.model"] = .string("gpt2")
        metadata["tokenizer.ggml.pre"] = .string("gpt-2")
        metadata["tokenizer.ggml.tokens"] = .strings(GGUFStringArray(tokens))
        metadata["tokenizer.ggml.token_type"] = .numbers(
            GGUFNumbers([Int32](repeating: 1, count: tokens.count - 1) + [3]))
        metadata["tokenizer.ggml.merges"] = .strings(GGUFStringArray(["h e", "l l", "he ll"]))
        metadata["tokenizer.ggml.eos_token_id"] = .uint32(259)
        return metadata
    }

    /// Keys of a SentencePiece GGUF vocabulary.
    static func sentencePiece() -> GGUFMetadata {
        var metadata = GGUFMetadata(file: "test.gguf")
        let digits = Array("0123456789ABCDEF").map { String($0) }
        let bytes = digits.flatMap { high in digits.map { "<0x\(high)\($0)>" } }
        let pieces = ["<unk>", "<s>", "</s>"] + bytes + ["\u{2581}", "a", "b", "\u{2581}a", "ab", "é"]
        metadata["general.architecture"] = .string("llama")
        metadata["tokenizer.ggml.model"] = .string("llama")
        metadata["tokenizer.ggml.tokens"] = .strings(GGUFStringArray(pieces))
        metadata["tokenizer.ggml.scores"] = .numbers(
            GGUFNumbers([Float](repeating: 0, count: 259) + [-3, -4, -5, -1, -2, -6]))
        metadata["tokenizer.ggml.token_type"] = .numbers(
            GGUFNumbers([2, 3, 3] + [Int32](repeating: 6, count: 256) + [Int32](repeating: 1, count: 6)))
        return metadata
    }

    /// A `tokenizer.json` with the 256 bytes, `components` in place of the usual ones, and more tokens.
    static func json(
        vocabulary more: String = "", merges: String = "\"h e\"", components: String = #""normalizer":null"#,
        preTokenizer: String = #"{"type":"ByteLevel","add_prefix_space":false}"#, added: String = "[]"
    ) -> [UInt8] {
        let entries = alphabet.enumerated().map { "\(JSONValue.string($1).text):\($0)" }.joined(separator: ",")
        let text = """
            {"added_tokens":\(added),\(components),"pre_tokenizer":\(preTokenizer),
            "model":{"type":"BPE","vocab":{\(entries),"he":256\(more)},"merges":[\(merges)]}}
            """
        return Array(text.utf8)
    }
}

extension JSONValue {
    fileprivate var text: String {
        guard case .string(let text) = self else { return "null" }
        return "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
