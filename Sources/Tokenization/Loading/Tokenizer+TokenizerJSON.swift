public import ModelFiles
public import TensorCore

extension Tokenizer {
    /// The tokenizer of a Hugging Face `tokenizer.json`.
    /// - Parameters:
    ///   - tokenizerJSON: The file's bytes.
    ///   - tokenizerConfig: `tokenizer_config.json`, which names the begin, end, unknown and padding tokens.
    ///   - generationConfig: `generation_config.json`, which may name more tokens that end an answer.
    /// - Throws: ``TokenizerError`` for anything in the file that is missing, contradictory or not supported. A component
    ///   or expression that this library does not have is an error, never replaced by another.
    public static func load(
        tokenizerJSON: [UInt8], tokenizerConfig: JSONValue? = nil, generationConfig: JSONValue? = nil
    ) throws(TokenizerError) -> Tokenizer {
        do {
            var reader = TokenizerJSONReader()
            var definition = try reader.read(tokenizerJSON)
            try HuggingFaceTokens.apply(tokenizerConfig, generationConfig, to: &definition)
            return try Tokenizer(definition)
        } catch let error as TokenizerError {
            throw error
        } catch {
            throw .malformedFile(part: "tokenizer.json", detail: "\(error)")
        }
    }

    /// The tokenizer of a Hugging Face `tokenizer.json` in a file's bytes.
    /// - Throws: ``TokenizerError``, as for an array of bytes.
    public static func load(
        tokenizerJSON region: ByteRegion, tokenizerConfig: JSONValue? = nil, generationConfig: JSONValue? = nil
    ) throws(TokenizerError) -> Tokenizer {
        try load(
            tokenizerJSON: region.withBytes { $0.withUnsafeBytes { [UInt8]($0) } }, tokenizerConfig: tokenizerConfig,
            generationConfig: generationConfig)
    }
}

/// Reads `tokenizer.json`: the long lists as they come, the short parts as values.
struct TokenizerJSONReader {
    /// An entry of `model.vocab` or `added_tokens` before all numbers are known.
    struct Entries {
        var texts = TokenTexts()
        var ids: [Int] = []
    }

    private var vocabulary = Entries()
    private var merges = TokenizerDefinition.Merges()
    private var parts: [String: JSONValue] = [:]
    private var model = JSONObject()

    mutating func read(_ bytes: [UInt8]) throws -> TokenizerDefinition {
        var reader = JSONReader(bytes)
        try reader.readObject(rejectingDuplicateKeys: true) { key, reader in
            switch key {
            case "model": try readModel(&reader)
            case "normalizer", "pre_tokenizer", "post_processor", "decoder", "added_tokens":
                parts[key] = try reader.readValue()
            default: try reader.skipValue()
            }
        }
        try reader.finish()
        return try definition()
    }

    private mutating func readModel(_ reader: inout JSONReader) throws {
        try reader.readObject(rejectingDuplicateKeys: true) { key, reader in
            switch key {
            case "vocab": try readVocabulary(&reader)
            case "merges": try readMerges(&reader)
            default: model[key] = try reader.readValue()
            }
        }
    }

    private mutating func readVocabulary(_ reader: inout JSONReader) throws {
        if try reader.peekKind() == .array {
            throw TokenizerError.unknownModel(name: try model.string("type") ?? "Unigram")
        }
        try reader.enterObject()
        var key: [UInt8] = []
        while try reader.nextKey(into: &key) {
            vocabulary.texts.push(key)
            vocabulary.texts.finish()
            vocabulary.ids.append(try reader.readInt())
        }
    }

    /// Merges come as `"a b"` or, since 2024, as `["a", "b"]`.
    private mutating func readMerges(_ reader: inout JSONReader) throws {
        try reader.enterArray()
        var text: [UInt8] = []
        while try reader.nextElement() {
            if try reader.peekKind() == .array {
                try reader.enterArray()
                var count = 0
                while try reader.nextElement() {
                    try reader.readStringBytes(into: &text)
                    merges.parts.push(text)
                    merges.parts.finish()
                    count += 1
                }
                guard count == 2 else {
                    throw TokenizerError.malformedMerge(index: merges.count, text: "\(count) parts")
                }
            } else {
                try reader.readStringBytes(into: &text)
                guard let space = text.firstIndex(of: 0x20), !text[(space + 1)...].contains(0x20) else {
                    throw TokenizerError.malformedMerge(
                        index: merges.count, text: String(decoding: text, as: UTF8.self))
                }
                merges.parts.push(text[..<space])
                merges.parts.finish()
                merges.parts.push(text[(space + 1)...])
                merges.parts.finish()
            }
        }
    }

    // MARK: Putting it together

    private func definition() throws -> TokenizerDefinition {
        let type = try model.string("type") ?? (merges.count > 0 ? "BPE" : "")
        guard type == "BPE" else { throw TokenizerError.unknownModel(name: type) }
        guard vocabulary.ids.count > 0 else { throw TokenizerError.missingTokens(source: "tokenizer.json") }
        var definition = TokenizerDefinition(kind: .byteLevelBPE, source: "tokenizer.json")
        let added = try TokenizerJSONAddedToken.read(parts["added_tokens"])
        try place(added, in: &definition)
        definition.merges = merges
        try readModelSettings(&definition)
        var components = TokenizerJSONComponents(definition: definition)
        try components.readNormalizer(parts["normalizer"])
        try components.readPreTokenizer(parts["pre_tokenizer"])
        try components.readDecoder(parts["decoder"])
        try components.readPostProcessor(parts["post_processor"])
        return try components.finished()
    }

    /// Puts texts in the order of their numbers; numbers nobody uses become fillers.
    private func place(_ added: [TokenizerJSONAddedToken], in definition: inout TokenizerDefinition) throws {
        let entries = vocabulary.ids.count + added.count
        // A few holes are usual; numbers far beyond the number of tokens are not.
        let limit = 2 * entries + 65536
        var order: [Int32] = []
        func claim(_ id: Int, _ entry: Int, _ text: @autoclosure () -> String) throws {
            guard id >= 0, id < limit else { throw TokenizerError.tokenIDOutOfRange(text: text(), id: id) }
            if id >= order.count { order.append(contentsOf: repeatElement(-1, count: id + 1 - order.count)) }
            guard order[id] < 0 else {
                let first = Int(order[id])
                let known = first < vocabulary.ids.count ? vocabulary.texts.string(first) : ""
                throw TokenizerError.duplicateTokenID(id: id, first: known, second: text())
            }
            order[id] = Int32(truncatingIfNeeded: entry)
        }
        for (entry, id) in vocabulary.ids.enumerated() {
            try claim(id, entry, vocabulary.texts.string(entry))
        }
        for (position, token) in added.enumerated() {
            let text = Array(token.content.utf8)
            let inVocabulary = token.id >= 0 && token.id < order.count && order[token.id] >= 0
            if inVocabulary, Int(order[token.id]) < vocabulary.ids.count,
                vocabulary.texts[Int(order[token.id])] == text
            {
                continue
            }
            try claim(token.id, vocabulary.ids.count + position, token.content)
        }
        definition.texts.reserve(strings: order.count, bytes: vocabulary.texts.blob.count)
        definition.types.reserveCapacity(order.count)
        for (id, entry) in order.enumerated() {
            if entry < 0 {
                definition.texts.push(Fillers.name(id))
            } else if Int(entry) < vocabulary.ids.count {
                definition.texts.push(vocabulary.texts.blob[vocabulary.texts.range(Int(entry))])
            } else {
                definition.texts.push(added[Int(entry) - vocabulary.ids.count].content.utf8)
            }
            definition.texts.finish()
            definition.types.append(entry < 0 ? .unused : .normal)
        }
        for token in added {
            definition.types[token.id] = token.isSpecial ? .control : .userDefined
            definition.added.append(token.asAddedToken)
        }
    }

    private func readModelSettings(_ definition: inout TokenizerDefinition) throws {
        func refuse(_ key: String) throws {
            guard let value = model.value(key), value != "", value != .bool(false) else { return }
            throw TokenizerError.unsupportedComponent(part: "tokenizer.json: model.\(key)", detail: "it is set")
        }
        try refuse("continuing_subword_prefix")
        try refuse("end_of_word_suffix")
        if let dropout = try model.double("dropout"), dropout != 0 { try refuse("dropout") }
        definition.ignoresMerges = try model.bool("ignore_merges") ?? false
        definition.fusesUnknown = try model.bool("fuse_unk") ?? false
        if let text = try model.string("unk_token") {
            let text = Array(text.utf8)
            guard let id = (0..<definition.texts.count).first(where: { definition.texts[$0] == text }) else {
                throw TokenizerError.malformedFile(part: "tokenizer.json: model.unk_token", detail: "it is no token")
            }
            definition.unknownToken = TokenID(id)
        }
        if try model.bool("byte_fallback") == true {
            for id in 0..<definition.texts.count where definition.types[id] == .normal {
                let range = definition.texts.range(id)
                if range.count == 6, definition.texts.blob[range].starts(with: [0x3C, 0x30, 0x78]) {
                    definition.types[id] = .byte
                }
            }
        }
    }
}
