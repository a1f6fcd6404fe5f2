package import Grammars
import Synchronization
package import Tokenization

/// Grammars made ready for one model's vocabulary. Remembers the last few, with the masks they have led to.
package final class ConstraintCompiler: Sendable {
    private struct State: Sendable {
        var vocabulary: ConstraintVocabulary?
        /// The last grammars, the latest at the end.
        var recent: [CompiledGrammar] = []
    }

    /// Grammars that are remembered.
    private static let remembered = 8

    private let tokenizer: Tokenizer
    private let tableSize: Int
    private let cachedReadings: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - tokenizer: The model's.
    ///   - tableSize: Rows of the model's logits.
    ///   - cachedReadings: What the cache of a grammar may hold before a fresh one takes its place.
    package init(tokenizer: Tokenizer, tableSize: Int, cachedReadings: Int = GrammarLimits.cachedReadings) {
        self.cachedReadings = cachedReadings
        self.tokenizer = tokenizer
        self.tableSize = tableSize
    }

    /// A constraint at the start of an answer. The first one takes longer: the vocabulary is put in order.
    /// - Parameters:
    ///   - grammar: What the answer may look like.
    ///   - isContinued: Whether the answer goes on within a text (``GenerationRequest/isContinued``), so that a space at its
    ///     start counts.
    package func constraint(_ grammar: Grammar, isContinued: Bool = false) throws(GrammarError) -> TokenConstraint {
        let compiled = try state.withLock { (state) throws(GrammarError) in
            if let index = state.recent.firstIndex(where: { $0.grammar == grammar }) {
                let known = state.recent.remove(at: index)
                state.recent.append(known)
                return known
            }
            let vocabulary = state.vocabulary ?? ConstraintVocabulary(tokenizer, tableSize: tableSize)
            state.vocabulary = vocabulary
            let new = try CompiledGrammar(grammar, vocabulary, cachedReadings: cachedReadings)
            if state.recent.count == Self.remembered { state.recent.removeFirst() }
            state.recent.append(new)
            return new
        }
        return TokenConstraint(compiled, isContinued: isContinued)
    }
}

/// What constraints need to know of a vocabulary.
final class ConstraintVocabulary: Sendable {
    let tokenizer: Tokenizer
    let tableSize: Int
    let trie: TokenTrie
    /// End-of-generation tokens.
    let ends: [TokenID]

    init(_ tokenizer: Tokenizer, tableSize: Int) {
        self.tokenizer = tokenizer
        // A mask has a bit for each token, also of a file with more tokens than the model has rows.
        self.tableSize = max(tableSize, tokenizer.vocabularySize)
        trie = TokenTrie(
            (0..<TokenID(tokenizer.vocabularySize))
                .filter { tokenizer.isText($0) && !tokenizer.endOfGeneration.contains($0) }
                .map { (tokenizer.bytes(of: $0), $0) })
        ends = tokenizer.endOfGeneration.filter { $0 >= 0 && Int($0) < tokenizer.vocabularySize }.sorted()
    }
}

/// A grammar with what is known of it for one vocabulary.
final class CompiledGrammar: Sendable {
    let grammar: Grammar
    let vocabulary: ConstraintVocabulary
    /// A matcher at the start, to begin fresh caches with.
    private let matcher: Matcher
    private let current: Mutex<MaskCache>

    init(
        _ grammar: Grammar, _ vocabulary: ConstraintVocabulary, cachedReadings: Int
    ) throws(GrammarError) {
        self.grammar = grammar
        self.vocabulary = vocabulary
        matcher = try Matcher(grammar, cachedReadings: cachedReadings)
        current = Mutex(MaskCache(matcher, vocabulary))
    }

    /// The cache that new answers use.
    var cache: MaskCache { current.withLock { $0 } }

    /// The cache to go on with instead of `old`, which is full.
    func successor(of old: MaskCache) -> MaskCache {
        current.withLock { cache in
            if cache === old { cache = MaskCache(matcher, vocabulary) }
            return cache
        }
    }
}
