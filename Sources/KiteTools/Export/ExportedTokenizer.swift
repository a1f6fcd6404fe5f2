import ModelFiles
import Tokenization

/// `tokenizer.json`: a vocabulary in the form of the `tokenizers` library.
struct ExportedTokenizer {
    let vocabulary: ExportedVocabulary
    private static let mark: JSONValue = "\u{2581}"

    /// The file.
    func json() throws -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        for (key, value) in try sections() {
            writer.key(key)
            try writer.value(value)
        }
        writer.key("model")
        try writeModel(&writer)
        writer.endObject()
        return writer.bytes
    }

    private func sections() throws -> [(String, JSONValue)] {
        let sections = try vocabulary.sections
        let isPieces = vocabulary.isSentencePiece
        return [
            ("version", "1.0"), ("truncation", nil), ("padding", nil),
            ("added_tokens", .array(addedTokens())),
            ("normalizer", try isPieces ? pieceNormalizer() : sections?.normalizer ?? JSONValue.null),
            ("pre_tokenizer", sections?.preTokenizer ?? JSONValue.null),
            ("post_processor", try postProcessor()),
            ("decoder", try isPieces ? pieceDecoder() : Self.byteLevelDecoder),
        ]
    }

    private func addedTokens() -> [JSONValue] {
        vocabulary.tokens.compactMap { token in
            guard [.control, .userDefined, .unknown].contains(token.kind) else { return nil }
            let isUser = token.kind == .userDefined
            return [
                "id": .integer(Int64(token.id)), "content": .string(token.text), "single_word": false,
                "lstrip": false, "rstrip": false, "normalized": .bool(isUser && !vocabulary.isSentencePiece),
                "special": .bool(!isUser),
            ]
        }
    }

    private func pieceNormalizer() throws -> JSONValue {
        let replace: JSONValue = ["type": "Replace", "pattern": ["String": " "], "content": Self.mark]
        let prepend: JSONValue = ["type": "Prepend", "prepend": Self.mark]
        return [
            "type": "Sequence",
            "normalizers": .array(try vocabulary.addsSpacePrefix ? [prepend, replace] : [replace]),
        ]
    }

    private func pieceDecoder() throws -> JSONValue {
        var decoders: [JSONValue] = [
            ["type": "Replace", "pattern": ["String": Self.mark], "content": " "], ["type": "ByteFallback"],
            ["type": "Fuse"],
        ]
        if try vocabulary.addsSpacePrefix {
            decoders.append(["type": "Strip", "content": " ", "start": 1, "stop": 0])
        }
        return ["type": "Sequence", "decoders": .array(decoders)]
    }

    private static let byteLevelDecoder: JSONValue = [
        "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true,
    ]

    /// What is put around a text: begin and end token.
    private func postProcessor() throws -> JSONValue {
        let before = try vocabulary.addsBOS ? vocabulary.special("bos") : nil
        let after = try vocabulary.addsEOS ? vocabulary.special("eos") : nil
        guard before != nil || after != nil else {
            return vocabulary.isSentencePiece
                ? nil : ["type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true]
        }
        var special = JSONObject()
        for token in [before, after].compactMap({ $0 }) {
            special[token.text] = [
                "id": .string(token.text), "ids": [.integer(Int64(token.id))], "tokens": [.string(token.text)],
            ]
        }
        let single = Self.sequence("A", type: 0, before?.text, after?.text)
        let second = Self.sequence("B", type: 1, before?.text, after?.text)
        return [
            "type": "TemplateProcessing", "single": .array(single), "pair": .array(single + second),
            "special_tokens": .object(special),
        ]
    }

    /// A text with the tokens around it, in a template's words.
    private static func sequence(_ id: String, type: Int64, _ before: String?, _ after: String?) -> [JSONValue] {
        var pieces: [JSONValue] = []
        if let before { pieces.append(["SpecialToken": ["id": .string(before), "type_id": .integer(type)]]) }
        pieces.append(["Sequence": ["id": .string(id), "type_id": .integer(type)]])
        if let after { pieces.append(["SpecialToken": ["id": .string(after), "type_id": .integer(type)]]) }
        return pieces
    }

    private func writeModel(_ writer: inout JSONWriter) throws {
        let isPieces = vocabulary.isSentencePiece
        let unknown = isPieces ? vocabulary.text("unknown") ?? unknownPiece : nil
        let options: [(String, JSONValue)] = [
            ("type", "BPE"), ("dropout", nil), ("unk_token", unknown.map { .string($0) } ?? JSONValue.null),
            ("continuing_subword_prefix", nil), ("end_of_word_suffix", nil), ("fuse_unk", .bool(isPieces)),
            ("byte_fallback", .bool(isPieces)),
            ("ignore_merges", .bool(try vocabulary.sections?.ignoresMerges ?? false)),
        ]
        writer.beginObject()
        for (key, value) in options {
            writer.key(key)
            try writer.value(value)
        }
        writer.key("vocab")
        writer.beginObject()
        var seen: Set<String> = []
        for token in vocabulary.tokens where seen.insert(token.text).inserted {
            writer.key(token.text)
            writer.integer(Int64(token.id))
        }
        writer.endObject()
        writer.key("merges")
        let merges = try vocabulary.merges()
        // The old form, which all versions read, cannot hold parts with spaces.
        let hasSpaces = merges.contains { $0.left.contains(0x20) || $0.right.contains(0x20) }
        writer.beginArray()
        for merge in merges {
            let (left, right) = (
                String(decoding: merge.left, as: UTF8.self), String(decoding: merge.right, as: UTF8.self)
            )
            if hasSpaces {
                try writer.value([.string(left), .string(right)])
            } else {
                writer.string("\(left) \(right)")
            }
        }
        writer.endArray()
        writer.endObject()
    }

    private var unknownPiece: String? { vocabulary.tokens.first { $0.kind == .unknown }?.text }
}
