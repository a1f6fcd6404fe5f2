import ModelFiles
import TensorCore

/// What conversion needs of a `tokenizer.json`.
struct TokenizerFile {
    var vocabulary: [(token: [UInt8], id: Int)] = []
    var merges: [[UInt8]] = []
    var addedTokens: [AddedTokenEntry] = []
    var modelType = ""
    var hasByteFallback = false
    var unknownToken: String?
    /// Everything but the vocabulary: `normalizer`, `pre_tokenizer`, `post_processor`.
    var sections = JSONObject()

    /// Reads the file in `folder`; nil when there is none.
    init?(in folder: HuggingFaceFolder) throws {
        guard let region = try folder.contents(of: .tokenizer) else { return nil }
        var reader = JSONReader(region)
        do {
            try reader.readObject(rejectingDuplicateKeys: true) { key, reader in
                switch key {
                case "model": try readModel(&reader)
                case "added_tokens":
                    try reader.readArray { _, reader in
                        addedTokens.append(try AddedTokenEntry(reader.readValue().asObject()))
                    }
                default: sections[key] = try reader.readValue()
                }
            }
            try reader.finish()
        } catch let error as JSONError {
            throw ConversionError.tokenizer(file: folder.path + "/tokenizer.json", "\(error)")
        }
    }

    private mutating func readModel(_ reader: inout JSONReader) throws {
        try reader.readObject(rejectingDuplicateKeys: true) { key, reader in
            switch key {
            case "type": modelType = try reader.readString()
            case "byte_fallback": hasByteFallback = try reader.readBool()
            case "unk_token": unknownToken = try reader.readNull() ? nil : reader.readString()
            case "vocab":
                guard try reader.peekKind() == .object else { return try reader.skipValue() }
                try readVocabulary(&reader)
            case "merges": try readMerges(&reader)
            default: try reader.skipValue()
            }
        }
    }

    private mutating func readVocabulary(_ reader: inout JSONReader) throws(JSONError) {
        var token: [UInt8] = []
        try reader.enterObject()
        while try reader.nextKey(into: &token) {
            vocabulary.append((token, try reader.readInt()))
        }
    }

    /// Merges are strings `"a b"`, or since 2024 pairs `["a", "b"]`; a space inside a part is written `Ġ`.
    private mutating func readMerges(_ reader: inout JSONReader) throws(JSONError) {
        var part: [UInt8] = []
        try reader.enterArray()
        while try reader.nextElement() {
            if try reader.peekKind() == .string {
                try reader.readStringBytes(into: &part)
                merges.append(part)
                continue
            }
            var merge: [UInt8] = []
            try reader.enterArray()
            while try reader.nextElement() {
                try reader.readStringBytes(into: &part)
                if !merge.isEmpty { merge.append(0x20) }
                for byte in part { merge.append(contentsOf: byte == 0x20 ? [0xC4, 0xA0] : [byte]) }
            }
            merges.append(merge)
        }
    }
}

extension AddedTokenEntry {
    /// An element of `added_tokens`, or of `added_tokens_decoder` with its key as `id`.
    init(_ object: JSONObject, id: Int? = nil) throws(JSONError) {
        let ownID = try object.int("id")
        guard let id = id ?? ownID else { throw JSONError(.missingKey("id")) }
        guard let content = try object.string("content") else { throw JSONError(.missingKey("content")) }
        self.init(id: id, content: content, isSpecial: try object.bool("special") ?? false)
    }
}
