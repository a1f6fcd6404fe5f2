internal import ModelFiles

/// Reads the components of `tokenizer.json` that surround the model. What is not known, or not with these settings, is
/// an error: a wrong guess would give other token numbers without anyone noticing.
struct TokenizerJSONComponents {
    private var definition: TokenizerDefinition
    private var spacing = Spacing(prefix: .never)
    /// Whether a normalizer or a pre-tokenizer handles spaces the way SentencePiece does.
    private var handlesSpaces = false
    private var isByteLevel = false

    private static let mark = "\u{2581}"

    init(definition: TokenizerDefinition) {
        self.definition = definition
    }

    /// The definition with everything that was read.
    func finished() throws -> TokenizerDefinition {
        guard isByteLevel != handlesSpaces else {
            throw TokenizerError.unsupportedComponent(
                part: "tokenizer.json",
                detail: isByteLevel
                    ? "it has both a ByteLevel pre-tokenizer and SentencePiece's spaces"
                    : "it has neither a ByteLevel pre-tokenizer nor SentencePiece's spaces")
        }
        var result = definition
        if handlesSpaces {
            result.kind = .sentencePiece
            result.spacing = spacing
        } else {
            for id in result.types.indices where result.types[id] == .byte { result.types[id] = .normal }
        }
        return result
    }

    // MARK: Normalizer

    mutating func readNormalizer(_ value: JSONValue?) throws {
        var replacesSpaces = false
        for component in try Self.flattened(value, list: "normalizers", part: "normalizer") {
            switch try component.string("type") {
            case "NFC":
                guard !handlesSpaces else { throw unsupported("normalizer", "NFC after Prepend") }
                definition.composes = true
            case "Prepend":
                guard try component.string("prepend") == Self.mark, !replacesSpaces else {
                    throw unsupported("normalizer", "Prepend of something other than U+2581, or after Replace")
                }
                spacing.prefix = .always
                handlesSpaces = true
            case "Replace":
                guard try component.object("pattern")?.string("String") == " ",
                    try component.string("content") == Self.mark
                else { throw unsupported("normalizer", "Replace of something other than a space by U+2581") }
                handlesSpaces = true
                replacesSpaces = true
            case let other: throw unsupported("normalizer", other ?? "without a type")
            }
        }
        if handlesSpaces, !replacesSpaces { throw unsupported("normalizer", "Prepend without Replace") }
    }

    // MARK: Pre-tokenizer

    mutating func readPreTokenizer(_ value: JSONValue?) throws {
        var name: String?
        for component in try Self.flattened(value, list: "pretokenizers", part: "pre_tokenizer") {
            guard !isByteLevel else { throw unsupported("pre_tokenizer", "something after ByteLevel") }
            switch try component.string("type") {
            case "Split":
                let found = try readSplit(component)
                definition.preTokenizer.steps.append(found.step)
                name = found.name
            case "Digits":
                let individual = try component.bool("individual_digits") ?? false
                definition.preTokenizer.steps.append(.digits(individual: individual))
            case "ByteLevel":
                try readByteLevel(component, &name)
            case "Metaspace":
                try readMetaspace(component)
            case let other: throw unsupported("pre_tokenizer", other ?? "without a type")
            }
        }
        guard isByteLevel || definition.preTokenizer.steps.isEmpty else {
            throw unsupported("pre_tokenizer", "Split or Digits without ByteLevel")
        }
        guard isByteLevel else { return }
        // One pattern serves several names, which differ in what comes before it.
        if name == "gpt-2", definition.composes { name = "olmo" }
        if name == "stablelm2", !definition.composes { name = "qwen2" }
        if name == "llama-bpe", !definition.ignoresMerges { name = "smaug-bpe" }
        definition.preTokenizer.name = name ?? "none"
    }

    private func readSplit(_ component: JSONObject) throws -> (step: PreTokenizer.Step, name: String) {
        let behavior = try component.string("behavior") ?? ""
        let invert = try component.bool("invert") ?? false
        // The known expressions cover every character: taking the matches apart and keeping only them are the same.
        guard behavior == "Isolated" && !invert || behavior == "Removed" && invert else {
            throw unsupported("pre_tokenizer", "Split with behavior \(behavior), invert \(invert)")
        }
        guard let pattern = try component.object("pattern")?.string("Regex") else {
            throw unsupported("pre_tokenizer", "Split by something other than a Regex")
        }
        guard let found = PreTokenizer.step(pattern: pattern) else {
            throw unsupported("pre_tokenizer", "Split by the unknown Regex \(pattern)")
        }
        return found
    }

    private mutating func readByteLevel(_ component: JSONObject, _ name: inout String?) throws {
        isByteLevel = true
        definition.preTokenizer.addsPrefixSpace = try component.bool("add_prefix_space") ?? true
        if definition.preTokenizer.addsPrefixSpace, !definition.preTokenizer.steps.isEmpty {
            throw unsupported("pre_tokenizer", "ByteLevel with add_prefix_space after another step")
        }
        if try component.bool("use_regex") ?? true {
            definition.preTokenizer.steps.append(.gpt2)
            name = name ?? "gpt-2"
        }
    }

    private mutating func readMetaspace(_ component: JSONObject) throws {
        guard !handlesSpaces else { throw unsupported("pre_tokenizer", "Metaspace besides a normalizer of spaces") }
        guard try component.string("replacement") == Self.mark else {
            throw unsupported("pre_tokenizer", "Metaspace with a mark other than U+2581")
        }
        handlesSpaces = true
        spacing.isNormalization = false
        spacing.splitsEverySpace = try component.bool("split") ?? true
        switch try component.string("prepend_scheme") {
        case "always": spacing.prefix = .unlessPresent
        case "first": spacing.prefix = .firstUnlessPresent
        case "never": spacing.prefix = .never
        case nil: spacing.prefix = try component.bool("add_prefix_space") ?? true ? .unlessPresent : .never
        case let other?: throw unsupported("pre_tokenizer", "Metaspace with prepend_scheme \(other)")
        }
    }

    // MARK: Decoder

    mutating func readDecoder(_ value: JSONValue?) throws {
        for component in try Self.flattened(value, list: "decoders", part: "decoder") {
            switch try component.string("type") {
            case "ByteLevel", "ByteFallback", "Fuse": break
            case "Replace":
                guard try component.object("pattern")?.string("String") == Self.mark,
                    try component.string("content") == " "
                else { throw unsupported("decoder", "Replace of something other than U+2581 by a space") }
            case "Strip":
                guard try component.string("content") == " ", try component.int("start") == 1,
                    try component.int("stop") == 0
                else { throw unsupported("decoder", "Strip of something other than one leading space") }
                definition.dropsLeadingSpace = true
            case "Metaspace":
                if try component.string("prepend_scheme") ?? "always" != "never" {
                    definition.dropsLeadingSpace = try component.bool("add_prefix_space") ?? true
                }
            case let other: throw unsupported("decoder", other ?? "without a type")
            }
        }
    }

    // MARK: Post-processor

    mutating func readPostProcessor(_ value: JSONValue?) throws {
        for component in try Self.flattened(value, list: "processors", part: "post_processor") {
            switch try component.string("type") {
            case "ByteLevel": break
            case "TemplateProcessing": try readTemplate(component)
            case let other: throw unsupported("post_processor", other ?? "without a type")
            }
        }
    }

    private mutating func readTemplate(_ component: JSONObject) throws {
        let special = try component.object("special_tokens")
        var isBefore = true
        for piece in try component.array("single") ?? [] {
            let piece = try piece.asObject()
            if try piece.object("Sequence") != nil {
                isBefore = false
            } else if let name = try piece.object("SpecialToken")?.string("id") {
                guard let ids = try special?.object(name)?.array("ids") else {
                    throw unsupported("post_processor", "TemplateProcessing without the ids of \(name)")
                }
                for value in ids {
                    guard let id = try definition.checked(name, try value.asInt()) else { continue }
                    if isBefore { definition.prefixTokens.append(id) } else { definition.suffixTokens.append(id) }
                }
            } else {
                throw unsupported("post_processor", "TemplateProcessing with an unknown piece")
            }
        }
    }

    // MARK: Parts

    /// A component, or the components of a `Sequence`.
    private static func flattened(_ value: JSONValue?, list: String, part: String) throws -> [JSONObject] {
        guard let value, value != .null else { return [] }
        let object = try value.asObject()
        guard try object.string("type") == "Sequence" else { return [object] }
        return try (object.array(list) ?? []).flatMap { try flattened($0, list: list, part: part) }
    }

    private func unsupported(_ part: String, _ detail: String) -> TokenizerError {
        .unsupportedComponent(part: "tokenizer.json: \(part)", detail: detail)
    }
}
