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
        let base = Int(trie.nodes[range.lowerBound].depth) - 1
        path[base] = state
        var chain = AsciiChain(start: state)
        var index = range.lowerBound
        while index < range.upperBound {
            let node = trie.nodes[index]
            let depth = Int(node.depth)
            let from = path[depth - 1]
            if node.isASCII, try chain.fits(node, at: depth - 1 - base, from: from, &self) {
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
}

/// The states that most ASCII bytes lead to, one after the other: a string goes on, its characters counted or not.
///
/// Whole branches of a trie that hold no other bytes fit without a look at each node.
private struct AsciiChain {
    /// The states, as far as they were asked for.
    private var states: [Matcher.State]
    /// For each state but the last the bytes that lead to the next, as bits.
    private var sets: [SIMD2<UInt64>] = []
    private var isAtEnd = false

    /// Fewer bytes than this are no run of text.
    private static let fewestBytes = 16

    init(start: Matcher.State) { states = [start] }

    /// Whether all of `node`'s branch fits after `from`, `position` bytes from the start.
    @inline(__always)
    mutating func fits(
        _ node: TokenTrie.Node, at position: Int, from: Matcher.State, _ matcher: inout Matcher
    ) throws(GrammarError) -> Bool {
        guard position < states.count, states[position] == from else { return false }
        for index in position..<(position + Int(node.height)) {
            if index >= sets.count, try !extend(&matcher) { return false }
            guard node.ascii & ~sets[index] == .zero else { return false }
        }
        return true
    }

    /// Goes on by one state.
    private mutating func extend(_ matcher: inout Matcher) throws(GrammarError) -> Bool {
        guard !isAtEnd else { return false }
        let last = states[states.count - 1]
        // A state that leads to itself does so for good.
        if states.count > 1, states[states.count - 2] == last {
            states.append(last)
            sets.append(sets[sets.count - 1])
            return true
        }
        var successors: [(state: Matcher.State, bytes: SIMD2<UInt64>, count: Int)] = []
        for byte in UInt8(0)..<128 {
            let next = try matcher.step(last, byte)
            guard next != Matcher.dead else { continue }
            let index = successors.firstIndex { $0.state == next } ?? successors.count
            if index == successors.count { successors.append((next, .zero, 0)) }
            successors[index].bytes[Int(byte >> 6)] |= 1 << UInt64(byte & 63)
            successors[index].count += 1
        }
        guard let best = successors.max(by: { $0.count < $1.count }), best.count >= Self.fewestBytes else {
            isAtEnd = true
            return false
        }
        states.append(best.state)
        sets.append(best.bytes)
        return true
    }
}
