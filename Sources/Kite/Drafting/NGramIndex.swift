package import Tokenization

/// Tokens in order, and for the last 2, 3, 5 and 8 of them where they stood before: a token costs the same few steps
/// however long the text is.
package struct NGramIndex: Sendable {
    /// A place in the text that reads like its end.
    package struct Match: Sendable, Hashable {
        /// Index of the token that followed there.
        package var position: Int
        /// How many tokens before it agree with the last ones of the text (counted up to ``NGramIndex/longest``).
        package var length: Int
    }

    /// Matches are followed back this far.
    package static let longest = 32
    /// Ascending.
    private static let lengths = [2, 3, 5, 8]

    package private(set) var tokens: [TokenID] = []
    /// For each of `lengths` a table from hashes to the position after the latest such n-gram; 0 is none. An n-gram
    /// takes the place of another with the same hash: that loses a match and nothing else, as tokens are compared.
    private var latest: [Int32] = []
    private var bits = 10

    package init(_ tokens: some Collection<TokenID> = []) {
        while tokens.count << 1 > 1 << bits { bits += 1 }
        latest = Self.emptyTables(bits)
        for token in tokens { append(token) }
    }

    /// Adds a token. Returns the longest match of the text's new end; of equally long ones the latest.
    @discardableResult
    package mutating func append(_ token: TokenID) -> Match? {
        tokens.append(token)
        if tokens.count << 1 > 1 << bits { grow() }
        return enter(tokens.count)
    }

    /// Enters the n-grams that end before `end`, and finds the longest that was there already.
    @discardableResult
    private mutating func enter(_ end: Int) -> Match? {
        var best: Match?
        var hash: UInt64 = 0
        var used = 0
        for (table, length) in Self.lengths.enumerated() where length <= end {
            while used < length {
                used += 1
                hash = (hash ^ UInt64(UInt32(bitPattern: tokens[end - used]))) &* 0x9E37_79B9_7F4A_7C15
                hash ^= hash >> 29
            }
            let slot = table << bits | Int((hash &* 0xD6E8_FEB8_6659_FD93) >> UInt64(64 - bits))
            let position = Int(latest[slot])
            latest[slot] = Int32(truncatingIfNeeded: end)
            guard position > 0 else { continue }
            let common = agreement(position, end)
            if common >= length, common > best?.length ?? 0 { best = Match(position: position, length: common) }
        }
        return best
    }

    /// How many tokens before `position` and before `end` are the same.
    private func agreement(_ position: Int, _ end: Int) -> Int {
        var length = 0
        while length < min(position, Self.longest), tokens[position - 1 - length] == tokens[end - 1 - length] {
            length += 1
        }
        return length
    }

    /// Tables twice as long, so that n-grams seldom meet.
    private mutating func grow() {
        bits += 1
        latest = Self.emptyTables(bits)
        for end in tokens.indices.dropFirst() { enter(end) }
    }

    private static func emptyTables(_ bits: Int) -> [Int32] { [Int32](repeating: 0, count: lengths.count << bits) }
}
