package import Tokenization

/// Guesses the next tokens of one answer. What it guesses costs or saves time and never changes the answer: a guess
/// counts only where the sampler, asked as ever, chooses the same token.
package protocol Drafter: Sendable {
    /// Takes note of the answer's next token.
    mutating func accept(_ token: TokenID)

    /// What may come next: at most `limit` tokens, none when a guess would not pay.
    mutating func draft(atMost limit: Int) -> [TokenID]

    /// Takes note of how long a pass over the model took for `columns` tokens.
    mutating func note(columns: Int, seconds: Double)
}
