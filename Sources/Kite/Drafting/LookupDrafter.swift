package import Tokenization

/// Drafts what followed when the prompt or the answer read like this before (prompt lookup decoding): good for answers
/// that repeat much of their prompt, such as an edited document or code.
package struct LookupDrafter: Drafter {
    /// Most tokens of a draft; with the token before them they make a pass of 16 columns.
    package static let longestDraft = 15
    /// A draft must promise this much more speed, for the estimates are rough.
    private static let margin = 1.2
    /// A match this long that ends is looked for again nearby: where one word was changed, the rest often follows.
    private static let lengthWorthResuming = 8
    private static let resumingDistance = 8

    private var text: NGramIndex
    private var rates = AcceptanceRates()
    private let costs: PassCosts
    /// Where the text is expected to go on as before.
    private var source: NGramIndex.Match?
    /// Where a long match ended, and how many tokens ago.
    private var lost: (position: Int, age: Int)?

    /// - Parameters:
    ///   - prompt: What the answer may repeat.
    ///   - costs: What passes over the model take.
    package init(prompt: some Collection<TokenID>, costs: PassCosts) {
        text = NGramIndex(prompt)
        self.costs = costs
    }

    package mutating func accept(_ token: TokenID) {
        var followed: NGramIndex.Match?
        if let source {
            let isHit = text.tokens[source.position] == token
            rates.note(isHit, length: source.length)
            if isHit {
                followed = .init(position: source.position + 1, length: min(source.length + 1, NGramIndex.longest))
            } else if source.length >= Self.lengthWorthResuming {
                lost = (source.position, 0)
            }
        }
        let found = text.append(token)
        // Of equally long matches the one followed so far is the one that goes on through the text in order.
        source = if let followed, followed.length >= found?.length ?? 0 { followed } else { found }
        if source?.length ?? 0 >= Self.lengthWorthResuming { lost = nil }
        if source?.length ?? 0 <= 3, let resumed = resume(with: token) { source = resumed }
        if let lost { self.lost = lost.age < 2 * Self.resumingDistance ? (lost.position, lost.age + 1) : nil }
    }

    /// A place shortly after the end of the last long match where `token` stands.
    private func resume(with token: TokenID) -> NGramIndex.Match? {
        guard let lost else { return nil }
        let end = min(lost.position + Self.resumingDistance, text.tokens.count - 1)
        guard lost.position < end, let place = text.tokens[lost.position..<end].firstIndex(of: token) else {
            return nil
        }
        // The tokens before the change count for something.
        return .init(position: place + 1, length: 4)
    }

    package func draft(atMost limit: Int) -> [TokenID] {
        guard limit > 0, let source, let costs = costs.relative else { return [] }
        var count = 0
        var best = Self.margin
        var reached = 1.0
        var expected = 1.0
        for length in 1...min(limit, Self.longestDraft) {
            reached *= rates[source.length + length - 1]
            expected += reached
            let gain = expected / costs[length]
            if gain > best { (best, count) = (gain, length) }
        }
        // At the end of the text a match that overlaps it goes round: the text repeats itself with that period.
        let period = text.tokens.count - source.position
        return (0..<count).map { text.tokens[source.position + $0 % period] }
    }

    package func note(columns: Int, seconds: Double) { costs.note(columns: columns, seconds: seconds) }
}
