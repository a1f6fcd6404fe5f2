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
    }

    /// What an answer needs to know of a state.
    struct Position: Sendable {
        var state: Matcher.State
        var mayEnd: Bool
        var isFinal: Bool
    }

    /// Memory of the masks of one cache, in words of 8 bytes.
    private static let mostWords = 1 << 20

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
            var mask = try contents.matcher.mask(
                state, vocabulary.trie, rows: vocabulary.tableSize, dropsSpace: dropsSpace)
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
}
