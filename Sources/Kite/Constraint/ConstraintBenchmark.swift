package import Grammars
package import Tokenization

/// Measures what a grammar costs per token: `kite bench --grammar`.
package struct ConstraintBenchmark: Sendable {
    /// Putting the vocabulary in order, once for a model, in seconds.
    package let vocabularySeconds: Double
    /// Making the grammar ready, vocabulary aside, in seconds.
    package let grammarSeconds: Double
    /// Each mask and step of the first answer with the grammar, in seconds.
    package let firstSeconds: [Double]
    /// The same of the last answer, all of whose masks are known.
    package let knownSeconds: [Double]

    /// Follows `text`, which must be of the grammar, token by token, masking as many logits as the vocabulary has.
    /// - Throws: ``GrammarError``.
    package init(_ grammar: Grammar, text: [UInt8], tokenizer: Tokenizer) throws(GrammarError) {
        let clock = ContinuousClock()
        func seconds(since start: ContinuousClock.Instant) -> Double { (clock.now - start) / .seconds(1) }
        let compiler = ConstraintCompiler(tokenizer: tokenizer, tableSize: tokenizer.vocabularySize)
        var start = clock.now
        _ = try compiler.constraint(.jsonValue)
        vocabularySeconds = seconds(since: start)
        start = clock.now
        var constraint = try compiler.constraint(grammar)
        grammarSeconds = seconds(since: start)

        let tokens = tokenizer.encode(utf8: text, parseSpecialTokens: false)
        let zeros = [Float](repeating: 0, count: tokenizer.vocabularySize)
        var rounds: [[Double]] = []
        for _ in 0..<3 {
            constraint = try compiler.constraint(grammar)
            var round: [Double] = []
            for token in tokens {
                var logits = zeros
                start = clock.now
                var span = logits.mutableSpan
                try constraint.mask(&span)
                let isAllowed = constraint.accept(token)
                round.append(seconds(since: start))
                guard isAllowed else { throw .tokenNotAllowed(token) }
            }
            rounds.append(round)
        }
        firstSeconds = rounds[0]
        knownSeconds = rounds[rounds.count - 1]
    }
}
