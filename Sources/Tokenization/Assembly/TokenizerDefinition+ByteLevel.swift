extension TokenizerDefinition {
    /// The bytes each token adds to a text.
    func decodedTexts() throws(TokenizerError) -> TokenTexts {
        var decoded = TokenTexts()
        decoded.reserve(strings: texts.count, bytes: texts.blob.count)
        let blob = texts.blob.span
        for id in 0..<texts.count {
            let range = texts.range(id)
            switch (types[id], kind) {
            case (.control, _), (.userDefined, _), (.unknown, _):
                decoded.push(texts.blob[range])
            case (.byte, .sentencePiece):
                guard let byte = Self.byteToken(blob, range) else {
                    throw .malformedByteToken(id: id, text: texts.string(id))
                }
                decoded.push(byte)
            case (_, .sentencePiece):
                var index = range.lowerBound
                while index < range.upperBound {
                    let isMark = blob[index] == 0xE2 && Spacing.isMark(blob, index, range.upperBound)
                    decoded.push(isMark ? 0x20 : blob[index])
                    index += isMark ? 3 : 1
                }
            case (_, .byteLevelBPE):
                ByteAlphabet.shared.decode(blob, range, into: &decoded)
            }
            decoded.finish()
        }
        return decoded
    }

    /// The byte that `<0x41>` names.
    private static func byteToken(_ text: Span<UInt8>, _ range: Range<Int>) -> UInt8? {
        let start = range.lowerBound
        guard range.count == 6, text[start] == 0x3C, text[start + 1] == 0x30, text[start + 2] == 0x78,
            text[start + 5] == 0x3E, let high = digit(text[start + 3]), let low = digit(text[start + 4])
        else { return nil }
        return high << 4 | low
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case 0x30...0x39: character - 0x30
        case 0x41...0x46: character - 0x41 + 10
        case 0x61...0x66: character - 0x61 + 10
        default: nil
        }
    }

    /// Word encoding whose alphabet is the bytes.
    func byteLevelWords(_ index: TextIndex, _ decoded: TokenTexts) throws(TokenizerError) -> WordEncoder {
        var byteTokens = [TokenID](repeating: -1, count: 256)
        for byte in UInt8.min...UInt8.max {
            if let id = index.find(ByteAlphabet.shared.text(of: byte), in: texts) {
                byteTokens[Int(byte)] = TokenID(id)
            } else if byte != 0xC0, byte != 0xC1, byte < 0xF5 {
                // The other bytes are in no UTF-8 text, and vocabularies may do without them.
                throw .missingByteToken(byte: byte)
            }
        }
        var wholeWords: WordEncoder.WholeWords?
        if ignoresMerges {
            var whole = TextIndex(capacity: decoded.count)
            for id in 0..<decoded.count where types[id] == .normal { _ = whole.insert(id, of: decoded) }
            wholeWords = WordEncoder.WholeWords(index: whole, bytes: decoded)
        }
        return WordEncoder(
            merger: SymbolMerger(table: try mergeTable(index), unused: []), byteTokens: byteTokens,
            wholeWords: wholeWords, characters: nil)
    }

    /// The table of ``merges``; every part and every result must be a token.
    func mergeTable(_ index: TextIndex) throws(TokenizerError) -> MergeTable {
        guard let merges else { return MergeTable(capacity: 0) }
        // A token of n characters can be made in n - 1 ways; files list one, or for SentencePiece a few.
        let limit = 1024 + 64 * texts.count
        guard merges.count <= limit else { throw .tooManyMerges(count: merges.count, limit: limit) }
        var table = MergeTable(capacity: merges.count)
        let blob = merges.parts.blob.span.bytes
        for rank in 0..<merges.count {
            let left = merges.parts.range(2 * rank)
            let right = merges.parts.range(2 * rank + 1)
            guard !left.isEmpty, !right.isEmpty,
                let leftID = index.find(blob, left.lowerBound, left.count, in: texts),
                let rightID = index.find(blob, right.lowerBound, right.count, in: texts),
                // The parts lie end to end, so that the result needs no copy.
                let result = index.find(blob, left.lowerBound, left.count + right.count, in: texts)
            else {
                let text = merges.parts.string(2 * rank) + " " + merges.parts.string(2 * rank + 1)
                throw .mergeOfUnknownToken(index: rank, text: text)
            }
            table.insert(
                TokenID(leftID), TokenID(rightID), rank: UInt32(truncatingIfNeeded: rank), result: TokenID(result))
        }
        return table
    }
}
