/// Turns one word into tokens: remembered ones at once, others by merging.
struct WordEncoder: Sendable {
    /// The merges.
    let merger: SymbolMerger
    /// The token of each byte: the alphabet of byte-level vocabularies, the way out of the others; -1 where missing.
    let byteTokens: [TokenID]
    /// Tokens by their bytes, where a word that is a token is taken whole.
    let wholeWords: WholeWords?
    /// For SentencePiece vocabularies: the alphabet.
    let characters: CharacterSymbols?

    /// Words that are tokens.
    struct WholeWords: Sendable {
        var index: TextIndex
        var bytes: TokenTexts
    }

    /// Appends the tokens of a word of a byte-level vocabulary.
    @inline(__always)
    func encodeBytes(
        _ text: Span<UInt8>, _ start: Int, _ end: Int, _ output: inout [TokenID], _ work: inout EncodingScratch
    ) {
        let count = end &- start
        if count <= WordCache.longest {
            let key = WordCache.Key(text, start, count)
            if work.cache.append(key, to: &output) { return }
            let mark = output.count
            mergeBytes(text, start, end, &output, &work)
            work.cache.store(key, output, from: mark)
        } else {
            mergeBytes(text, start, end, &output, &work)
        }
    }

    @inline(never)
    private func mergeBytes(
        _ text: Span<UInt8>, _ start: Int, _ end: Int, _ output: inout [TokenID], _ work: inout EncodingScratch
    ) {
        if let wholeWords, let id = wholeWords.index.find(text.bytes, start, end - start, in: wholeWords.bytes) {
            output.append(TokenID(truncatingIfNeeded: id))
            return
        }
        work.run.symbols.removeAll(keepingCapacity: true)
        for index in start..<end { work.run.symbols.append(byteTokens[Int(text[index])]) }
        merger.merge(&work.run)
        output.append(contentsOf: work.run.symbols)
    }

    /// Appends the tokens of text of a SentencePiece vocabulary, spaces as spaces.
    func encodeCharacters(
        _ text: Span<UInt8>, _ start: Int, _ end: Int, _ splitsEverySpace: Bool,
        _ output: inout [TokenID], _ work: inout EncodingScratch
    ) {
        guard let characters else { return }
        guard characters.cutsText else {
            mergeCharacters(characters, text, start, end, &output, &work)
            return
        }
        var position = start
        while position < end {
            let next = characters.chunkEnd(text, position, end, splitsEverySpace)
            let count = next &- position
            if count <= WordCache.longest {
                let key = WordCache.Key(text, position, count)
                if !work.cache.append(key, to: &output) {
                    let mark = output.count
                    mergeCharacters(characters, text, position, next, &output, &work)
                    work.cache.store(key, output, from: mark)
                }
            } else {
                mergeCharacters(characters, text, position, next, &output, &work)
            }
            position = next
        }
    }

    @inline(never)
    private func mergeCharacters(
        _ characters: CharacterSymbols, _ text: Span<UInt8>, _ start: Int, _ end: Int,
        _ output: inout [TokenID], _ work: inout EncodingScratch
    ) {
        work.run.symbols.removeAll(keepingCapacity: true)
        var position = start
        while position < end {
            let (scalar, next) = UTF8Scalars.decode(text, position)
            work.run.symbols.append(characters.symbol(scalar))
            position = next
        }
        merger.merge(&work.run)
        var lastIsUnknown = false
        for symbol in work.run.symbols {
            if symbol >= 0 {
                lastIsUnknown = false
                if merger.unused.contains(symbol) {
                    takeApart(symbol, characters, &output, &work)
                } else {
                    output.append(symbol)
                }
            } else {
                lastIsUnknown = spell(symbol, characters, lastIsUnknown, &output)
            }
        }
        work.run.partsOfUnused.removeAll(keepingCapacity: true)
    }

    /// Appends a character that is no token: its bytes, or the unknown token. Returns whether it was the latter.
    private func spell(
        _ symbol: Int32, _ characters: CharacterSymbols, _ lastIsUnknown: Bool, _ output: inout [TokenID]
    ) -> Bool {
        if characters.fallsBackToBytes {
            var bytes: [UInt8] = []
            let scalar = UInt32(bitPattern: -(symbol + 1))
            // A vocabulary without a token for the space spells the mark.
            UTF8Scalars.append(scalar == 0x20 ? 0x2581 : scalar, to: &bytes)
            for byte in bytes { output.append(byteTokens[Int(byte)]) }
            return false
        }
        guard let unknown = characters.unknownToken else { return false }
        if !(lastIsUnknown && characters.fusesUnknown) { output.append(unknown) }
        return true
    }

    /// Appends the parts of an unused token, found again as it was made.
    private func takeApart(
        _ symbol: Int32, _ characters: CharacterSymbols, _ output: inout [TokenID], _ work: inout EncodingScratch
    ) {
        var stack = [symbol]
        while let top = stack.popLast() {
            if top < 0 {
                _ = spell(top, characters, false, &output)
            } else if merger.unused.contains(top), let parts = work.run.partsOfUnused[top] {
                stack.append(parts.right)
                stack.append(parts.left)
            } else {
                output.append(top)
            }
        }
    }
}
