internal import ModelFiles

/// An entry of `added_tokens`.
struct TokenizerJSONAddedToken {
    var id: Int
    var content: String
    var isSpecial: Bool
    var isNormalized: Bool
    var stripsLeft: Bool
    var stripsRight: Bool
    var isSingleWord: Bool

    /// Reads the list; absent means none.
    static func read(_ value: JSONValue?) throws -> [Self] {
        guard let value, value != .null else { return [] }
        return try value.asArray().map { value in
            let object = try value.asObject()
            guard let id = try object.int("id"), let content = try object.string("content"), !content.isEmpty else {
                throw TokenizerError.malformedFile(
                    part: "tokenizer.json: added_tokens", detail: "an entry has no id or no content")
            }
            return try Self(id: id, content: content, object: object)
        }
    }

    /// An entry of `added_tokens`, or of `added_tokens_decoder` in `tokenizer_config.json`.
    init(id: Int, content: String, object: JSONObject) throws {
        self.id = id
        self.content = content
        isSpecial = try object.bool("special") ?? false
        isNormalized = try object.bool("normalized") ?? !isSpecial
        stripsLeft = try object.bool("lstrip") ?? false
        stripsRight = try object.bool("rstrip") ?? false
        isSingleWord = try object.bool("single_word") ?? false
    }

    /// In the form the encoder wants.
    var asAddedToken: AddedToken {
        AddedToken(
            id: TokenID(truncatingIfNeeded: id), pattern: Array(content.utf8), isSpecial: isSpecial,
            isNormalized: isNormalized, stripsLeft: stripsLeft, stripsRight: stripsRight, isSingleWord: isSingleWord)
    }
}
