public import ModelFiles

extension Tokenizer {
    /// The tokenizer of a SentencePiece `tokenizer.model`.
    /// - Parameters:
    ///   - bytes: The file's bytes.
    ///   - tokenizerConfig: `tokenizer_config.json`, which may add tokens and say how the special ones are used.
    ///   - generationConfig: `generation_config.json`, which may name more tokens that end an answer.
    /// - Throws: ``TokenizerError`` for anything in the file that is missing, contradictory or not supported: models other
    ///   than BPE, and normalization by a character map.
    public static func load(
        sentencePiece bytes: [UInt8], tokenizerConfig: JSONValue? = nil, generationConfig: JSONValue? = nil
    ) throws(TokenizerError) -> Tokenizer {
        do {
            var reader = SentencePieceReader(bytes)
            try reader.readModel()
            var definition = try reader.finished(tokenizerConfig?.asObject() ?? JSONObject())
            try HuggingFaceTokens.apply(tokenizerConfig, generationConfig, to: &definition)
            return try Tokenizer(definition)
        } catch let error as TokenizerError {
            throw error
        } catch {
            throw .malformedFile(part: "tokenizer.model", detail: "\(error)")
        }
    }
}

/// Reads the `ModelProto` message of `sentencepiece_model.proto`.
struct SentencePieceReader {
    private let bytes: [UInt8]
    private var definition = TokenizerDefinition(kind: .sentencePiece, source: "tokenizer.model")
    private var spacing = Spacing(removesExtraSpaces: true)
    private var modelType: UInt64 = 1
    private var ids: [String: Int] = ["unknown": 0, "bos": 1, "eos": 2]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func readModel() throws(TokenizerError) {
        var reader = ProtobufReader(bytes)
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (1, .bytes(let range)): try readPiece(range)
            case (2, .bytes(let range)): try readTrainer(range)
            case (3, .bytes(let range)): try readNormalizer(range)
            default: break
            }
        }
    }

    private mutating func readPiece(_ range: Range<Int>) throws(TokenizerError) {
        var reader = ProtobufReader(bytes, range)
        var type: UInt64 = 1
        var score: Float = 0
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (1, .bytes(let text)): definition.texts.push(bytes[text])
            case (2, .fixed32(let bits)): score = Float(bitPattern: bits)
            case (3, .varint(let number)): type = number
            default: break
            }
        }
        let id = definition.texts.count
        definition.texts.finish()
        guard let type = UInt8(exactly: type).flatMap(TokenType.init) else {
            throw .unknownTokenType(id: id, value: Int(truncatingIfNeeded: type))
        }
        definition.types.append(type)
        definition.scores.append(score)
    }

    private mutating func readTrainer(_ range: Range<Int>) throws(TokenizerError) {
        var reader = ProtobufReader(bytes, range)
        while let (field, value) = try reader.next() {
            guard case .varint(let number) = value else { continue }
            let id = Int(Int32(truncatingIfNeeded: number))
            switch field {
            case 3: modelType = number
            case 24 where number != 0: throw unsupported("white space as a suffix")
            case 40: ids["unknown"] = id
            case 41: ids["bos"] = id
            case 42: ids["eos"] = id
            case 43: ids["padding"] = id
            default: break
            }
        }
    }

    private mutating func readNormalizer(_ range: Range<Int>) throws(TokenizerError) {
        var reader = ProtobufReader(bytes, range)
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (2, .bytes(let map)) where !map.isEmpty: throw unsupported("normalization by a character map")
            case (3, .varint(let flag)): spacing.prefix = flag != 0 ? .always : .never
            case (4, .varint(let flag)): spacing.removesExtraSpaces = flag != 0
            case (5, .varint(0)): throw unsupported("spaces that are not marked")
            default: break
            }
        }
    }

    /// The definition, with what `tokenizer_config.json` adds.
    mutating func finished(_ config: JSONObject) throws -> TokenizerDefinition {
        guard modelType == 2 else {
            throw TokenizerError.unknownModel(name: modelType == 1 ? "Unigram" : "SentencePiece type \(modelType)")
        }
        // A negative number says that there is no such token.
        func id(_ name: String) throws(TokenizerError) -> TokenID? {
            try ids[name].flatMap { $0 < 0 ? nil : $0 }.map { id throws(TokenizerError) in
                try definition.checked(name, id)
            } ?? nil
        }
        definition.bosToken = try id("bos")
        definition.eosToken = try id("eos")
        definition.unknownToken = try id("unknown")
        definition.paddingToken = try id("padding")
        if spacing.prefix == .always, try config.bool("legacy") == false { spacing.prefix = .first }
        definition.spacing = spacing
        definition.dropsLeadingSpace = spacing.prefix != .never
        try addTokens(config)
        let known = Set(definition.added.map(\.id))
        for (id, type) in definition.types.enumerated() where !known.contains(TokenID(id)) {
            guard type == .control || type == .userDefined || type == .unknown else { continue }
            let isUser = type == .userDefined
            definition.added.append(
                AddedToken(
                    id: TokenID(id), pattern: definition.texts[id], isSpecial: !isUser, isNormalized: isUser))
        }
        if try config.bool("add_bos_token") ?? true, let bos = definition.bosToken { definition.prefixTokens = [bos] }
        if try config.bool("add_eos_token") ?? false, let eos = definition.eosToken { definition.suffixTokens = [eos] }
        return definition
    }

    /// The tokens of `added_tokens_decoder`: those beyond the model's own, and new flags for some of its own.
    private mutating func addTokens(_ config: JSONObject) throws {
        guard let object = try config.object("added_tokens_decoder") else { return }
        var tokens: [TokenizerJSONAddedToken] = []
        for member in object.members {
            let entry = try member.value.asObject()
            guard let id = Int(member.key), let content = try entry.string("content"), !content.isEmpty else {
                throw TokenizerError.malformedFile(
                    part: "tokenizer_config.json: added_tokens_decoder", detail: "an entry has no id or no content")
            }
            tokens.append(try TokenizerJSONAddedToken(id: id, content: content, object: entry))
        }
        for token in tokens.sorted(by: { $0.id < $1.id }) {
            if token.id == definition.texts.count {
                definition.texts.push(token.content.utf8)
                definition.texts.finish()
                definition.types.append(.userDefined)
                definition.scores.append(0)
            }
            guard token.id >= 0, token.id < definition.texts.count else {
                throw TokenizerError.tokenIDOutOfRange(text: token.content, id: token.id)
            }
            guard definition.texts[token.id] == Array(token.content.utf8) else {
                throw TokenizerError.duplicateTokenID(
                    id: token.id, first: definition.texts.string(token.id), second: token.content)
            }
            if definition.types[token.id] != .unknown {
                definition.types[token.id] = token.isSpecial ? .control : .userDefined
            }
            definition.added.append(token.asAddedToken)
        }
    }

    private func unsupported(_ detail: String) -> TokenizerError {
        .unsupportedComponent(part: "tokenizer.model", detail: detail)
    }
}
