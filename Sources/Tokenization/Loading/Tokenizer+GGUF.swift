public import ModelFiles
internal import TensorCore

extension Tokenizer {
    /// The tokenizer that a GGUF file carries.
    /// - Parameter preTokenizerOverride: How byte-level text is split, in GGUF's words ("olmo", "stablelm2", "llama-bpe",
    ///   "gpt-2"), in place of what the file says or fails to say.
    /// - Throws: ``TokenizerError`` for anything in the file that is missing, contradictory or not supported.
    public static func load(
        gguf file: GGUFFile, preTokenizerOverride: String? = nil
    ) throws(TokenizerError) -> Tokenizer {
        var reader = GGUFTokenizerReader(metadata: file.metadata, name: file.name)
        return try Tokenizer(reader.read(preTokenizerOverride))
    }
}

/// Reads the `tokenizer.ggml.*` keys.
struct GGUFTokenizerReader {
    let metadata: GGUFMetadata
    let name: String
    private var definition: TokenizerDefinition

    init(metadata: GGUFMetadata, name: String) {
        self.metadata = metadata
        self.name = name
        definition = TokenizerDefinition(kind: .byteLevelBPE, source: name)
    }

    mutating func read(_ preTokenizerOverride: String?) throws(TokenizerError) -> TokenizerDefinition {
        let model = try string("model")
        switch model {
        case "gpt2": definition.kind = .byteLevelBPE
        case "llama": definition.kind = .sentencePiece
        case nil: throw .missingTokens(source: name)
        case let other?: throw .unknownModel(name: other)
        }
        try readTokens()
        try readTypes()
        try readSpecialTokens()
        collectAddedTokens()
        switch definition.kind {
        case .byteLevelBPE:
            try readPreTokenizer(preTokenizerOverride)
            try readMerges()
        case .sentencePiece:
            try readSentencePieceSettings()
        }
        try readPrefixAndSuffix()
        return definition
    }

    private mutating func readTokens() throws(TokenizerError) {
        guard let tokens = try value("tokens", { try $0.strings($1) }) else { throw .missingTokens(source: name) }
        definition.texts.reserve(strings: tokens.count, bytes: tokens.region.count)
        tokens.region.withBytes { bytes in
            for index in 0..<tokens.count {
                for position in tokens.range(of: index) {
                    definition.texts.push(bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self))
                }
                definition.texts.finish()
            }
        }
        if definition.kind == .sentencePiece {
            definition.scores = try value("scores", { try $0.floats($1) }) ?? []
        }
    }

    /// Token types; files without them have only ordinary tokens. Fillers are recognized by name, whatever their type.
    private mutating func readTypes() throws(TokenizerError) {
        let count = definition.texts.count
        var types = [TokenType](repeating: .normal, count: count)
        if let numbers = try value("token_type", { try $0.ints($1) }) {
            guard numbers.count == count else {
                throw .countMismatch(list: "token types", count: numbers.count, tokens: count)
            }
            for (id, number) in numbers.enumerated() {
                guard let type = UInt8(exactly: number).flatMap(TokenType.init) else {
                    throw .unknownTokenType(id: id, value: number)
                }
                types[id] = type
            }
        }
        for id in 0..<count where types[id] != .control {
            if Fillers.isName(definition.texts.blob[definition.texts.range(id)], of: id) { types[id] = .unused }
        }
        definition.types = types
    }

    private mutating func readSpecialTokens() throws(TokenizerError) {
        definition.bosToken = try token("bos")
        definition.eosToken = try token("eos")
        definition.unknownToken = try token("unknown")
        definition.paddingToken = try token("padding")
        if definition.unknownToken == nil, let id = definition.types.firstIndex(of: .unknown) {
            definition.unknownToken = TokenID(id)
        }
        for name in ["eot", "eom"] {
            if let id = try token(name) { definition.endOfGeneration.insert(id) }
        }
        // Converters left these out where they were the usual ones.
        if definition.kind == .sentencePiece {
            let isControl = { [definition] (id: Int) in id < definition.types.count && definition.types[id] == .control
            }
            if definition.bosToken == nil, isControl(1) { definition.bosToken = 1 }
            if definition.eosToken == nil, isControl(2) { definition.eosToken = 2 }
        }
    }

    private mutating func collectAddedTokens() {
        for (id, type) in definition.types.enumerated() {
            guard type == .control || type == .userDefined || type == .unknown else { continue }
            let isUser = type == .userDefined
            definition.added.append(
                AddedToken(
                    id: TokenID(id), pattern: definition.texts[id], isSpecial: !isUser,
                    isNormalized: isUser && definition.kind == .byteLevelBPE))
        }
    }

    private mutating func readSentencePieceSettings() throws(TokenizerError) {
        if let map = try value("precompiled_charsmap", { try $0.ints($1) }), !map.isEmpty {
            throw .unsupportedComponent(part: "\(name): tokenizer", detail: "it normalizes with a character map")
        }
        var spacing = Spacing()
        if try bool("add_space_prefix") == false { spacing.prefix = .never }
        spacing.removesExtraSpaces = try bool("remove_extra_whitespaces") ?? false
        definition.spacing = spacing
        definition.dropsLeadingSpace = spacing.prefix != .never
    }

    private mutating func readMerges() throws(TokenizerError) {
        guard let lines = try value("merges", { try $0.strings($1) }) else {
            throw .malformedFile(part: name, detail: "it has no tokenizer.ggml.merges")
        }
        var merges = TokenizerDefinition.Merges()
        merges.parts.reserve(strings: lines.count * 2, bytes: lines.region.count)
        var malformed: Int?
        lines.region.withBytes { bytes in
            for index in 0..<lines.count {
                let range = lines.range(of: index)
                var space = -1
                for position in range {
                    let byte = bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self)
                    // The first part has at least one byte, which may itself be a space.
                    if byte == 0x20, space < 0, position > range.lowerBound {
                        space = position
                        merges.parts.finish()
                    } else {
                        merges.parts.push(byte)
                    }
                }
                merges.parts.finish()
                if space < 0 || space == range.upperBound - 1 {
                    malformed = index
                    return
                }
            }
        }
        if let malformed {
            throw .malformedMerge(index: malformed, text: String(decoding: lines[malformed], as: UTF8.self))
        }
        definition.merges = merges
    }

    private mutating func readPrefixAndSuffix() throws(TokenizerError) {
        let known = PreTokenizer.known(definition.preTokenizer.name)
        let addsBOS = try bool("add_bos_token") ?? (definition.kind == .sentencePiece || known?.addsBOS == true)
        let addsEOS = try bool("add_eos_token") ?? false
        if addsBOS, let bos = definition.bosToken { definition.prefixTokens = [bos] }
        if addsEOS, let eos = definition.eosToken { definition.suffixTokens = [eos] }
    }

    // MARK: The pre-tokenizer

    private mutating func readPreTokenizer(_ preTokenizerOverride: String?) throws(TokenizerError) {
        let name: String
        if let preTokenizerOverride { name = preTokenizerOverride } else { name = try preTokenizerName() }
        guard let known = PreTokenizer.known(name) else { throw .unknownPreTokenizer(name: name) }
        definition.preTokenizer = PreTokenizer(steps: known.steps, name: name)
        definition.composes = known.normalizes
        definition.ignoresMerges = known.ignoresMerges
    }

    /// The name the file gives, or, for files from before the key was invented, what the model's makers used. Falling
    /// back to some default split would silently change the token numbers.
    private mutating func preTokenizerName() throws(TokenizerError) -> String {
        if let name = try string("pre"), name != "default" { return name }
        let architecture = (try value("general.architecture", prefixed: false) { try $0.string($1) }) ?? ""
        let count = definition.texts.count
        let name: String? =
            switch (architecture, count) {
            case ("stablelm", 50254...50432), ("gptneox", 50254...50432): "olmo"
            case ("stablelm", 100_289...100_352): "stablelm2"
            case ("llama", 128_000...128_512): "llama-bpe"
            case ("gpt2", _): "gpt-2"
            default: nil
            }
        guard let name else { throw .missingPreTokenizer(architecture: architecture, tokens: count) }
        definition.warnings.append(
            "\(self.name) does not name its pre-tokenizer; taking \(name), which \(architecture) models of this "
                + "vocabulary were trained with")
        return name
    }

    // MARK: Values

    private func value<Value>(
        _ key: String, prefixed: Bool = true, _ get: (GGUFMetadata, String) throws -> Value?
    ) throws(TokenizerError) -> Value? {
        do {
            return try get(metadata, prefixed ? "tokenizer.ggml." + key : key)
        } catch let error as GGUFError {
            throw .malformedFile(part: error.file, detail: "\(error.problem)")
        } catch {
            throw .malformedFile(part: name, detail: "\(error)")
        }
    }

    private func string(_ key: String) throws(TokenizerError) -> String? { try value(key, { try $0.string($1) }) }
    private func bool(_ key: String) throws(TokenizerError) -> Bool? { try value(key, { try $0.bool($1) }) }

    private func token(_ name: String) throws(TokenizerError) -> TokenID? {
        let id = try value(name + "_token_id", { try $0.int($1) })
        return try definition.checked(name, id)
    }
}
