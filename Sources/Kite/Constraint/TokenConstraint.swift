package import Grammars
package import Tokenization

/// Keeps the tokens of one answer within a grammar: a mask over the logits before a token is chosen, and a step forward
/// with the chosen one.
///
/// A value: a copy (another choice, a draft, a place to come back to) costs a few words and goes its own way.
package struct TokenConstraint: Sendable {
    let compiled: CompiledGrammar
    private var cache: MaskCache
    private var position: MaskCache.Position
    /// Whether a space at the start of the next token will be dropped, as it is the first one's of a SentencePiece answer.
    private var dropsSpace: Bool
    private var failure: GrammarError?

    init(_ compiled: CompiledGrammar, isContinued: Bool) {
        self.compiled = compiled
        cache = compiled.cache
        position = cache.start
        dropsSpace = compiled.vocabulary.tokenizer.dropsLeadingSpace && !isContinued
    }

    /// Makes minus infinity of every row that the grammar does not allow next. End-of-generation tokens are allowed where the
    /// text may end, other special tokens and fillers nowhere.
    /// - Throws: ``GrammarError`` when the text cannot go on or is too ambiguous; the answer must then fail.
    package mutating func mask(_ logits: inout MutableSpan<Float>) throws(GrammarError) {
        try allowedTokens().apply(to: &logits)
    }

    /// The tokens that may come next.
    mutating func allowedTokens() throws(GrammarError) -> TokenMask {
        if let failure { throw failure }
        makeRoom()
        let mask = try cache.mask(position.state, dropsSpace: dropsSpace)
        // A text that must end may do so without a token, in a vocabulary that has none for it.
        guard !mask.isEmpty || isFinished else { throw .noToken }
        return mask
    }

    /// Steps forward with a token of the answer. After a token that was not allowed the next mask throws.
    /// - Returns: Whether the grammar allowed it.
    @discardableResult
    package mutating func accept(_ token: TokenID) -> Bool {
        guard failure == nil else { return false }
        let tokenizer = compiled.vocabulary.tokenizer
        if tokenizer.endOfGeneration.contains(token) {
            if !position.mayEnd { failure = .tokenNotAllowed(token) }
            position.isFinal = true
            return position.mayEnd
        }
        guard tokenizer.isText(token) else {
            failure = .tokenNotAllowed(token)
            return false
        }
        makeRoom()
        var bytes = tokenizer.bytes(of: token)[...]
        if dropsSpace, bytes.first == 0x20 { bytes = bytes.dropFirst() }
        dropsSpace = false
        do {
            position = try cache.step(position.state, bytes)
            if position.state == Matcher.dead { failure = .tokenNotAllowed(token) }
        } catch {
            failure = error
        }
        return failure == nil
    }

    /// Whether the text may end here.
    package var mayEnd: Bool { failure == nil && position.mayEnd }

    /// Whether the text must end here: it is whole, and nothing can follow.
    package var isFinished: Bool { mayEnd && position.isFinal }

    private mutating func makeRoom() {
        guard cache.isFull else { return }
        let next = compiled.successor(of: cache)
        guard next !== cache else { return }
        position.state = next.imported(cache.exported(position.state))
        cache = next
    }
}
