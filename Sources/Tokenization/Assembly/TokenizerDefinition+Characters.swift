extension TokenizerDefinition {
    /// The longest ordinary token of a SentencePiece vocabulary (real ones end at 64 bytes): finding its parts takes time
    /// that grows with the square of the length.
    private static let longestPiece = 1024

    /// Word encoding whose alphabet is characters.
    func characterWords(_ index: TextIndex, _ decoded: TokenTexts) throws(TokenizerError) -> WordEncoder {
        var byteTokens = [TokenID](repeating: -1, count: 256)
        var hasByteTokens = false
        for id in 0..<texts.count where types[id] == .byte {
            byteTokens[Int(decoded.blob[decoded.range(id).lowerBound])] = TokenID(id)
            hasByteTokens = true
        }
        if hasByteTokens || unknownToken == nil {
            for byte in UInt8.min...UInt8.max where byteTokens[Int(byte)] < 0 { throw .missingByteToken(byte: byte) }
        }
        var characters = CharacterSymbols(
            unknownToken: unknownToken, fusesUnknown: fusesUnknown, fallsBackToBytes: hasByteTokens)
        let blob = decoded.blob.span
        var pieces = TextIndex(capacity: texts.count)
        for id in 0..<texts.count where isPiece(id) {
            let range = decoded.range(id)
            let isNew = pieces.insert(id, of: decoded) == nil
            if isNew, UTF8Scalars.length(blob[range.lowerBound]) == range.count {
                characters.insert(UTF8Scalars.decode(blob, range.lowerBound).scalar, TokenID(id))
            }
            characters.note(blob.extracting(range))
        }
        if merges != nil {
            // Merges may lead to the spelled-out text of a byte token.
            for id in 0..<texts.count where types[id] == .byte {
                characters.note(texts.blob.span.extracting(texts.range(id)))
            }
        }
        let table = try merges == nil ? scoreTable(pieces, decoded) : mergeTable(index)
        let unused = merges == nil ? Set(types.indices.filter { types[$0] == .unused }.map { TokenID($0) }) : []
        return WordEncoder(
            merger: SymbolMerger(table: table, unused: unused), byteTokens: byteTokens, wholeWords: nil,
            characters: characters)
    }

    /// Whether a token takes part in merging.
    private func isPiece(_ id: Int) -> Bool { types[id] == .normal || types[id] == .unused }

    /// All pairs of symbols that make a token, ranked by its score: SentencePiece merges any two neighbours whose texts
    /// together are a token, best score first.
    private func scoreTable(_ pieces: TextIndex, _ decoded: TokenTexts) throws(TokenizerError) -> MergeTable {
        guard scores.count == texts.count else {
            throw .countMismatch(list: "scores", count: scores.count, tokens: texts.count)
        }
        for id in 0..<scores.count where scores[id].isNaN { throw .scoreNotANumber(id: id) }
        let ranks = scoreRanks()
        var pairs: [(left: Int32, right: Int32, id: Int32)] = []
        pairs.reserveCapacity(texts.count * 4)
        let blob = decoded.blob.span
        for id in 0..<texts.count where isPiece(id) {
            let range = decoded.range(id)
            guard range.count <= Self.longestPiece else { throw .tokenTooLong(id: id, length: range.count) }
            var middle = range.lowerBound + UTF8Scalars.length(blob[range.lowerBound])
            while middle < range.upperBound {
                if let left = symbol(blob, range.lowerBound..<middle, pieces, decoded),
                    let right = symbol(blob, middle..<range.upperBound, pieces, decoded)
                {
                    pairs.append((left, right, Int32(truncatingIfNeeded: id)))
                }
                middle += UTF8Scalars.length(blob[middle])
            }
        }
        var table = MergeTable(capacity: pairs.count)
        // Later entries for a pair replace earlier ones; of two tokens with one text the first counts.
        for pair in pairs.reversed() {
            table.insert(pair.left, pair.right, rank: ranks[Int(pair.id)], result: pair.id)
        }
        return table
    }

    /// The symbol of a part of a token: a token, or a character that is none.
    private func symbol(
        _ blob: Span<UInt8>, _ range: Range<Int>, _ pieces: TextIndex, _ decoded: TokenTexts
    ) -> Int32? {
        if let id = pieces.find(blob.bytes, range.lowerBound, range.count, in: decoded) {
            return Int32(truncatingIfNeeded: id)
        }
        guard UTF8Scalars.length(blob[range.lowerBound]) == range.count else { return nil }
        return CharacterSymbols.absent(UTF8Scalars.decode(blob, range.lowerBound).scalar)
    }

    /// Ranks by score, best first; equal scores share a rank, so that the leftmost pair wins.
    private func scoreRanks() -> [UInt32] {
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        var ranks = [UInt32](repeating: 0, count: scores.count)
        var rank: UInt32 = 0
        var last = scores[order[0]]
        for id in order {
            if scores[id] != last {
                rank += 1
                last = scores[id]
            }
            ranks[id] = rank
        }
        return ranks
    }
}
