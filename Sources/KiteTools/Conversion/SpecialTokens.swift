import ModelFiles

/// Which tokens begin and end texts, and whether they are added by themselves.
struct SpecialTokens {
    private static let keys = [
        ("bos", "bos_token_id"), ("eos", "eos_token_id"), ("unk", "unknown_token_id"), ("sep", "seperator_token_id"),
        ("pad", "padding_token_id"), ("cls", "cls_token_id"), ("mask", "mask_token_id"),
    ]

    private var ids: [(key: String, id: Int)] = []
    private var addsBOS: Bool?
    private var addsEOS: Bool?

    /// What the folder's `tokenizer.json`, `tokenizer_config.json` and `config.json` say, in this order of weight.
    init(in folder: HuggingFaceFolder, tokenizer: TokenizerFile?, vocabularySize: Int) throws {
        do {
            let config = try folder.json(.tokenizerConfig)?.asObject() ?? JSONObject()
            var names: [String: String] = [:]
            for (type, _) in Self.keys { names[type] = try Self.tokenText(config["\(type)_token"]) }
            if let processor = tokenizer?.sections["post_processor"] { try readAdditions(processor, &names) }
            if addsBOS == nil { addsBOS = try config.bool("add_bos_token") }
            if addsEOS == nil { addsEOS = try config.bool("add_eos_token") }
            for (type, key) in Self.keys {
                let named = names[type].flatMap { name in tokenizer?.addedTokens.first { $0.content == name }?.id }
                guard let id = try named ?? Self.firstID(folder.config["\(type)_token_id"]) else { continue }
                guard (0..<vocabularySize).contains(id) else {
                    throw ConversionError.tokenOutOfRange(
                        token: names[type] ?? "\(type)_token", id: id, vocabulary: vocabularySize)
                }
                ids.append((key, id))
            }
        } catch let error as JSONError {
            throw ConversionError.tokenizer(file: folder.path + "/tokenizer_config.json", "\(error)")
        }
    }

    /// Writes the keys.
    func write(to metadata: inout GGUFMetadata) {
        for (key, id) in ids { metadata["tokenizer.ggml.\(key)"] = .uint32(UInt32(id)) }
        if let addsBOS { metadata["tokenizer.ggml.add_bos_token"] = .bool(addsBOS) }
        if let addsEOS { metadata["tokenizer.ggml.add_eos_token"] = .bool(addsEOS) }
    }

    /// A token is named by its text, or by an object with its text as `content`.
    private static func tokenText(_ value: JSONValue?) throws(JSONError) -> String? {
        switch value {
        case .string(let text): text
        case .object(let object): try object.string("content")
        default: nil
        }
    }

    /// An id, or the first of several; a negative one stands for none.
    private static func firstID(_ value: JSONValue?) throws(JSONError) -> Int? {
        switch value {
        case .array(let values): try values.first?.asInt()
        case .integer(let id): id < 0 ? nil : try value?.asInt()
        default: nil
        }
    }

    /// What a post-processor puts around a text.
    private mutating func readAdditions(_ processor: JSONValue, _ names: inout [String: String]) throws(JSONError) {
        guard case .object(let object) = processor else { return }
        for step in try object.array("processors") ?? [processor] {
            let step = try step.asObject()
            switch try step.string("type") {
            case "ByteLevel":
                addsBOS = addsBOS ?? false
                addsEOS = addsEOS ?? false
            case "TemplateProcessing":
                let parts = try step.array("single") ?? []
                guard parts.count > 1 else { break }
                if let first = try Self.specialToken(parts[0]) {
                    if names["bos"] == nil { names["bos"] = first }
                    addsBOS = first == names["bos"]
                }
                if let last = try Self.specialToken(parts[parts.count - 1]) {
                    if names["eos"] == nil { names["eos"] = last }
                    addsEOS = last == names["eos"]
                }
            default: break
            }
        }
    }

    private static func specialToken(_ part: JSONValue) throws(JSONError) -> String? {
        try part["SpecialToken"]?.asObject().string("id")
    }
}
