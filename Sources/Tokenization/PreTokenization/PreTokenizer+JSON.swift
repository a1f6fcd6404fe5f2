package import ModelFiles

/// What a `tokenizer.json` says for a way of splitting that GGUF files only name.
package struct PreTokenizerSections: Sendable {
    /// The section `normalizer`; nil for none.
    package let normalizer: JSONValue?
    /// The section `pre_tokenizer`.
    package let preTokenizer: JSONValue
    /// Whether a word that is a token is never merged together.
    package let ignoresMerges: Bool
    /// Whether a text begins with the begin token even where the file does not say so.
    package let addsBOS: Bool

    /// The sections for the name `tokenizer.ggml.pre`; nil for a name that is not known.
    package init?(name: String) {
        guard let known = PreTokenizer.known(name) else { return nil }
        normalizer = known.normalizes ? ["type": "NFC"] : nil
        ignoresMerges = known.ignoresMerges
        addsBOS = known.addsBOS
        let patterns = known.steps.compactMap(PreTokenizer.pattern)
        let byteLevel: JSONValue = [
            "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
            "use_regex": .bool(patterns.isEmpty),
        ]
        let splits = patterns.map { pattern -> JSONValue in
            [
                "type": "Split", "pattern": ["Regex": .string(pattern)], "behavior": "Isolated", "invert": false,
            ]
        }
        preTokenizer =
            splits.isEmpty ? byteLevel : ["type": "Sequence", "pretokenizers": .array(splits + [byteLevel])]
    }
}
