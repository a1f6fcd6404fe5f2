internal import ModelFiles

/// Reads which token is which from `tokenizer_config.json` and `generation_config.json`.
enum HuggingFaceTokens {
    static func apply(
        _ tokenizerConfig: JSONValue?, _ generationConfig: JSONValue?, to definition: inout TokenizerDefinition
    ) throws {
        let config = try tokenizerConfig?.asObject() ?? JSONObject()
        definition.bosToken = try token("bos_token", config, definition) ?? definition.bosToken
        definition.eosToken = try token("eos_token", config, definition) ?? definition.eosToken
        definition.unknownToken = try token("unk_token", config, definition) ?? definition.unknownToken
        definition.paddingToken = try token("pad_token", config, definition) ?? definition.paddingToken

        let generation = try generationConfig?.asObject() ?? JSONObject()
        let ends = try ids("eos_token_id", generation)
        for id in ends {
            if let id = try definition.checked("eos", id) { definition.endOfGeneration.insert(id) }
        }
        definition.eosToken = try definition.eosToken ?? definition.checked("eos", ends.first)
        definition.bosToken =
            try definition.bosToken ?? definition.checked("bos", ids("bos_token_id", generation).first)
        definition.paddingToken =
            try definition.paddingToken ?? definition.checked("padding", ids("pad_token_id", generation).first)

        // A template may name the token that no configuration names.
        definition.bosToken = definition.bosToken ?? definition.prefixTokens.first
        // Where the file has no template of its own, the configuration's switches count, as for Llama's tokenizer class.
        if definition.prefixTokens.isEmpty, definition.suffixTokens.isEmpty {
            if try config.bool("add_bos_token") == true, let bos = definition.bosToken {
                definition.prefixTokens = [bos]
            }
            if try config.bool("add_eos_token") == true, let eos = definition.eosToken {
                definition.suffixTokens = [eos]
            }
        }
    }

    /// A token named by its text, or by an object that holds the text.
    private static func token(
        _ key: String, _ config: JSONObject, _ definition: TokenizerDefinition
    ) throws -> TokenID? {
        guard let value = config.value(key) else { return nil }
        let text: String?
        if case .object(let object) = value { text = try object.string("content") } else { text = try value.asString() }
        guard let text, !text.isEmpty else { return nil }
        let bytes = Array(text.utf8)
        let added = definition.added.first { $0.pattern == bytes }.map(\.id)
        if let added { return added }
        guard let id = (0..<definition.texts.count).first(where: { definition.texts[$0] == bytes }) else {
            throw TokenizerError.malformedFile(part: "tokenizer_config.json: \(key)", detail: "\(text) is no token")
        }
        return TokenID(id)
    }

    /// One number, a list of them, or none.
    private static func ids(_ key: String, _ config: JSONObject) throws -> [Int] {
        guard let value = config.value(key) else { return [] }
        if case .array(let values) = value { return try values.map { try $0.asInt() } }
        return [try value.asInt()]
    }
}
