/// The way from text to tokens: added tokens, normalization, splitting into words, merging.
struct TextEncoder: Sendable {
    /// Added tokens looked for in the text as it came.
    let rawTokens: AddedTokenMatcher?
    /// Added tokens looked for in normalized text.
    let normalizedTokens: AddedTokenMatcher?
    /// Whether text is brought to normalization form C.
    let composes: Bool
    /// For SentencePiece vocabularies: what happens to spaces.
    let spacing: Spacing?
    /// For byte-level vocabularies: how text is cut.
    let preTokenizer: PreTokenizer
    /// How a word becomes tokens.
    let words: WordEncoder
    private let properties = UnicodeProperties.shared

    init(
        rawTokens: AddedTokenMatcher?, normalizedTokens: AddedTokenMatcher?, composes: Bool, spacing: Spacing?,
        preTokenizer: PreTokenizer, words: WordEncoder
    ) {
        self.rawTokens = rawTokens
        self.normalizedTokens = normalizedTokens
        self.composes = composes
        self.spacing = spacing
        self.preTokenizer = preTokenizer
        self.words = words
    }

    /// Appends the tokens of `text`, which is valid UTF-8.
    func encode(
        _ text: [UInt8], parseSpecialTokens: Bool, into output: inout [TokenID], _ work: inout EncodingScratch
    ) {
        if text.isEmpty { return }
        guard let rawTokens else {
            normalize(text.span, 0, text.count, parseSpecialTokens, &output, &work)
            return
        }
        for split in rawTokens.splits(text.span, parseSpecialTokens: parseSpecialTokens) {
            if let token = split.token {
                output.append(token)
            } else {
                normalize(
                    text.span, split.range.lowerBound, split.range.upperBound, parseSpecialTokens, &output, &work)
            }
        }
    }

    /// A stretch between raw added tokens.
    private func normalize(
        _ text: Span<UInt8>, _ start: Int, _ end: Int, _ parseSpecialTokens: Bool,
        _ output: inout [TokenID], _ work: inout EncodingScratch
    ) {
        var normalized: [UInt8]?
        if composes, CanonicalComposition.shared.firstRelevant(text, start, end) != nil {
            normalized = CanonicalComposition.shared.normalize(text, start, end)
        }
        if let spacing, spacing.isNormalization {
            if let composed = normalized {
                normalized = spacing.apply(composed.span, 0, composed.count)
            } else {
                normalized = spacing.apply(text, start, end)
            }
        }
        if let normalized {
            findNormalized(normalized.span, 0, normalized.count, start == 0, parseSpecialTokens, &output, &work)
        } else {
            findNormalized(text, start, end, start == 0, parseSpecialTokens, &output, &work)
        }
    }

    /// Normalized text: its added tokens, and the stretches between them.
    private func findNormalized(
        _ text: Span<UInt8>, _ start: Int, _ end: Int, _ isFirst: Bool, _ parseSpecialTokens: Bool,
        _ output: inout [TokenID], _ work: inout EncodingScratch
    ) {
        guard let normalizedTokens else {
            encodeStretch(text, start, end, isFirst, &output, &work)
            return
        }
        let stretch = text.extracting(start..<end)
        for split in normalizedTokens.splits(stretch, parseSpecialTokens: parseSpecialTokens) {
            if let token = split.token {
                output.append(token)
            } else {
                let isFirst = isFirst && split.range.lowerBound == 0
                encodeStretch(stretch, split.range.lowerBound, split.range.upperBound, isFirst, &output, &work)
            }
        }
    }

    /// Text that holds no added token.
    private func encodeStretch(
        _ text: Span<UInt8>, _ start: Int, _ end: Int, _ isFirst: Bool,
        _ output: inout [TokenID], _ work: inout EncodingScratch
    ) {
        if let spacing {
            if spacing.isNormalization {
                words.encodeCharacters(text, start, end, spacing.splitsEverySpace, &output, &work)
            } else {
                var spacing = spacing
                if spacing.prefix == .firstUnlessPresent { spacing.prefix = isFirst ? .unlessPresent : .never }
                let spaced = spacing.apply(text, start, end)
                words.encodeCharacters(spaced.span, 0, spaced.count, spacing.splitsEverySpace, &output, &work)
            }
        } else if preTokenizer.addsPrefixSpace, start < end, text[start] != 0x20 {
            var prefixed: [UInt8] = [0x20]
            prefixed.reserveCapacity(end - start + 1)
            for index in start..<end { prefixed.append(text[index]) }
            split(prefixed.span, 0, prefixed.count, 0, &output, &work)
        } else {
            split(text, start, end, 0, &output, &work)
        }
    }

    /// Cuts by step `depth` of the pre-tokenizer and the ones after it.
    private func split(
        _ text: Span<UInt8>, _ start: Int, _ end: Int, _ depth: Int,
        _ output: inout [TokenID], _ work: inout EncodingScratch
    ) {
        guard depth < preTokenizer.steps.count else {
            if start < end { words.encodeBytes(text, start, end, &output, &work) }
            return
        }
        let step = preTokenizer.steps[depth]
        let isLast = depth == preTokenizer.steps.count - 1
        var position = start
        while position < end {
            let next = PreTokenizer.end(step, text, position, end, properties)
            if isLast {
                words.encodeBytes(text, position, next, &output, &work)
            } else {
                split(text, position, next, depth + 1, &output, &work)
            }
            position = next
        }
    }
}
