import ModelFiles

/// `tokenizer_config.json` and `special_tokens_map.json`.
struct ExportedTokenizerSettings {
    let vocabulary: ExportedVocabulary
    let contextLength: Int

    /// `tokenizer_config.json`: the class that takes `tokenizer.json` as it is.
    func config() throws -> JSONValue {
        let metadata = vocabulary.metadata
        var object = JSONObject()
        object["add_bos_token"] = .bool(try vocabulary.addsBOS)
        object["add_eos_token"] = .bool(try vocabulary.addsEOS)
        if let prefix = try metadata.bool("tokenizer.ggml.add_space_prefix") {
            object["add_prefix_space"] = .bool(prefix)
        }
        object["clean_up_tokenization_spaces"] = false
        object["model_max_length"] = .integer(Int64(contextLength))
        object["tokenizer_class"] = "PreTrainedTokenizerFast"
        for (key, text) in specialTexts { object[key] = .string(text) }
        if let template = try chatTemplates() { object["chat_template"] = template }
        return .object(object)
    }

    /// `special_tokens_map.json`.
    func specialTokens() -> JSONValue {
        var object = JSONObject()
        for (key, text) in specialTexts { object[key] = .string(text) }
        return .object(object)
    }

    private var specialTexts: [(String, String)] {
        ExportedVocabulary.specialNames.compactMap { name, key in vocabulary.text(name).map { (key, $0) } }
    }

    /// One template as text, several as a list with names.
    private func chatTemplates() throws -> JSONValue? {
        let metadata = vocabulary.metadata
        let main = try metadata.string("tokenizer.chat_template")
        guard let names = try metadata.strings("tokenizer.chat_templates"), names.count > 0 else {
            return main.map { .string($0) }
        }
        var list: [JSONValue] = main.map { [["name": "default", "template": .string($0)]] } ?? []
        for index in 0..<names.count {
            guard let name = names.text(index), name != "default",
                let text = try metadata.string("tokenizer.chat_template.\(name)")
            else { continue }
            list.append(["name": .string(name), "template": .string(text)])
        }
        return list.isEmpty ? nil : .array(list)
    }
}
