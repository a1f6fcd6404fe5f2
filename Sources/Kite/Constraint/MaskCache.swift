import Grammars
import Synchronization
import Tokenization

/// A grammar's matcher with the masks of the states it has been in. Filled by all answers that use the grammar; given up for
/// a fresh one when it is large.
final class MaskCache: Sendable {
    private struct Contents: Sendable {
        var matcher: Matcher
        var masks: [Matcher.State: TokenMask] = [:]
        /// The masks of the start, where a space may be dropped.
        var startMask: TokenMask?
        /// By depth in the trie: the state there.
        var path: [Matcher.State] = []
    }

    /// What an answer needs to know of a state.
    struct Position: Sendable {
        var state: Matcher.State
        var mayEnd: Bool
        var isFinal: Bool
    }

    /// Memory of the masks of one cache, in words of 8 bytes.
    private static let mostWords = 2 << 20

    let vocabulary: ConstraintVocabulary
    private let contents: Mutex<Contents>

    init(_ matcher: Matcher, _ vocabulary: ConstraintVocabulary) {
        self.vocabulary = vocabulary
        contents = Mutex(Contents(matcher: matcher))
    }

    var start: Position { contents.withLock { Self.position($0.matcher.start, $0.matcher) } }

    /// Whether it is time for a fresh cache.
    var isFull: Bool { contents.withLock { $0.matcher.isFull } }

    /// A state for another cache of the same grammar.
    func exported(_ state: Matcher.State) -> Matcher.Portable? { contents.withLock { $0.matcher.exported(state) } }

    /// The state that another cache exported.
    func imported(_ state: Matcher.Portable?) -> Matcher.State {
        contents.withLock { $0.matcher.imported(state) }
    }

    /// The position after `bytes`.
    func step(_ state: Matcher.State, _ bytes: some Sequence<UInt8>) throws(GrammarError) -> Position {
        try contents.withLock { (contents) throws(GrammarError) in
            contents.matcher.beginWork()
            var state = state
            for byte in bytes { state = try contents.matcher.step(state, byte) }
            return Self.position(state, contents.matcher)
        }
    }

    /// The tokens that may follow in `state`.
    /// - Parameter dropsSpace: Whether a space at the start of the token will not be part of the text.
    func mask(_ state: Matcher.State, dropsSpace: Bool) throws(GrammarError) -> TokenMask {
        try contents.withLock { (contents) throws(GrammarError) in
            let known = dropsSpace ? contents.startMask : contents.masks[state]
            if let known { return known }
            contents.matcher.beginWork()
            var mask = TokenMask(count: vocabulary.tableSize)
            if dropsSpace {
                let space = vocabulary.trie.first(0x20)
                let end = vocabulary.trie.nodes.count - 1
                let after = space.map { Int(vocabulary.trie.nodes[$0].end) } ?? end
                try Self.walk(0..<(space ?? end), state, &contents, vocabulary.trie, &mask)
                if let space {
                    for token in vocabulary.trie.tokensEnding(at: space) { mask.insert(token) }
                    try Self.walk((space + 1)..<after, state, &contents, vocabulary.trie, &mask)
                    try Self.walk(after..<end, state, &contents, vocabulary.trie, &mask)
                }
            } else {
                try Self.walk(0..<(vocabulary.trie.nodes.count - 1), state, &contents, vocabulary.trie, &mask)
            }
            if contents.matcher.mayEnd(state) { for token in vocabulary.ends { mask.insert(token) } }
            if dropsSpace {
                contents.startMask = mask
            } else {
                if (contents.masks.count + 1) * mask.words.count > Self.mostWords { contents.masks.removeAll() }
                contents.masks[state] = mask
            }
            return mask
        }
    }

    private static func position(_ state: Matcher.State, _ matcher: Matcher) -> Position {
        Position(state: state, mayEnd: matcher.mayEnd(state), isFinal: matcher.isFinal(state))
    }

    /// Adds the tokens of `range`, a run of whole subtrees with a common parent, whose bytes from there on fit `state`.
    private static func walk(
        _ range: Range<Int>, _ state: Matcher.State, _ contents: inout Contents, _ trie: TokenTrie,
        _ mask: inout TokenMask
    ) throws(GrammarError) {
        guard !range.isEmpty else { return }
        if contents.path.count <= trie.depth {
            contents.path = [Matcher.State](repeating: Matcher.dead, count: trie.depth + 1)
        }
        contents.path[Int(trie.nodes[range.lowerBound].depth) - 1] = state
        let loop = try loop(state, &contents.matcher)
        var index = range.lowerBound
        while index < range.upperBound {
            let node = trie.nodes[index]
            let depth = Int(node.depth)
            let from = contents.path[depth - 1]
            if from == state, node.isASCII, node.ascii & ~loop == .zero {
                // Inside a string, say, whole branches of the trie leave the state as it is.
                let end = Int(node.end)
                for position in node.firstToken..<trie.nodes[end].firstToken {
                    mask.insert(trie.tokens[Int(position)])
                }
                index = end
                continue
            }
            let next = try contents.matcher.step(from, node.byte)
            guard next != Matcher.dead else {
                index = Int(node.end)
                continue
            }
            for position in node.firstToken..<trie.nodes[index + 1].firstToken {
                mask.insert(trie.tokens[Int(position)])
            }
            contents.path[depth] = next
            index += 1
        }
    }

    /// The ASCII bytes that lead from a state to itself, as bits.
    private static func loop(
        _ state: Matcher.State, _ matcher: inout Matcher
    ) throws(GrammarError) -> SIMD2<UInt64> {
        var bits = SIMD2<UInt64>.zero
        for byte in UInt8(0)..<128 where try matcher.step(state, byte) == state {
            bits[Int(byte >> 6)] |= 1 << UInt64(byte & 63)
        }
        return bits
    }
}
