extension Matcher {
    /// The tokens that fit a state.
    /// - Parameters:
    ///   - state: Where the text is.
    ///   - trie: The vocabulary.
    ///   - rows: Number of logits.
    ///   - dropsSpace: Whether a space at the start of the token will not be part of the text.
    /// - Throws: ``GrammarError/tooAmbiguous(limit:)``.
    package mutating func mask(
        _ state: State, _ trie: TokenTrie, rows: Int, dropsSpace: Bool
    ) throws(GrammarError) -> TokenMask {
        beginWork()
        var mask = TokenMask(count: rows)
        var path = [State](repeating: Self.dead, count: trie.depth + 1)
        let end = trie.nodes.count - 1
        if dropsSpace, let space = trie.first(0x20) {
            try walk(0..<space, state, trie, &path, &mask)
            for token in trie.tokensEnding(at: space) { mask.insert(token) }
            let after = Int(trie.nodes[space].end)
            try walk((space + 1)..<after, state, trie, &path, &mask)
            try walk(after..<end, state, trie, &path, &mask)
        } else {
            try walk(0..<end, state, trie, &path, &mask)
        }
        return mask
    }

    /// Adds the tokens of `range`, a run of whole subtrees with a common parent, whose bytes from there on fit `state`.
    /// - Parameter path: By depth in the trie, the state there; working space.
    private mutating func walk(
        _ range: Range<Int>, _ state: State, _ trie: TokenTrie, _ path: inout [State], _ mask: inout TokenMask
    ) throws(GrammarError) {
        guard !range.isEmpty else { return }
        path[Int(trie.nodes[range.lowerBound].depth) - 1] = state
        let loop = try loop(state)
        var index = range.lowerBound
        while index < range.upperBound {
            let node = trie.nodes[index]
            let depth = Int(node.depth)
            let from = path[depth - 1]
            if from == state, node.isASCII, node.ascii & ~loop == .zero {
                // Inside a string, say, whole branches of the trie leave the state as it is.
                let end = Int(node.end)
                for position in node.firstToken..<trie.nodes[end].firstToken {
                    mask.insert(trie.tokens[Int(position)])
                }
                index = end
                continue
            }
            let next = try step(from, node.byte)
            guard next != Self.dead else {
                index = Int(node.end)
                continue
            }
            for position in node.firstToken..<trie.nodes[index + 1].firstToken {
                mask.insert(trie.tokens[Int(position)])
            }
            path[depth] = next
            index += 1
        }
    }

    /// The ASCII bytes that lead from a state to itself, as bits.
    private mutating func loop(_ state: State) throws(GrammarError) -> SIMD2<UInt64> {
        var bits = SIMD2<UInt64>.zero
        for byte in UInt8(0)..<128 where try step(state, byte) == state {
            bits[Int(byte >> 6)] |= 1 << UInt64(byte & 63)
        }
        return bits
    }
}
