/// A token that is found in text as it stands, before any splitting and merging.
struct AddedToken: Sendable, Equatable {
    /// Its number.
    var id: TokenID
    /// What is looked for; the token's text, normalized where it is looked for in normalized text.
    var pattern: [UInt8]
    /// Whether it is structure, which the caller may ask to be read as plain text.
    var isSpecial: Bool
    /// Whether it is looked for after normalization.
    var isNormalized = false
    /// Whether it takes the white space before it along.
    var stripsLeft = false
    /// Whether it takes the white space after it along.
    var stripsRight = false
    /// Whether it must stand alone, with no word character beside it.
    var isSingleWord = false
}

/// Finds added tokens in text: leftmost first, the longest of those that start there.
struct AddedTokenMatcher: Sendable {
    /// A stretch of text, or a token found in it.
    struct Split {
        var range: Range<Int>
        var token: TokenID?
    }

    /// The longest text an added token may have; keeps the search for them linear.
    static let longestPattern = 1024

    private let tokens: [AddedToken]
    private let starts: [Bool]
    private var firstChild: [Int32] = [-1]
    private var nextSibling: [Int32] = [-1]
    private var bytes: [UInt8] = [0]
    private var tokenAt: [Int32] = [-1]

    /// A matcher for `tokens`; nil when there are none.
    init?(_ tokens: [AddedToken]) {
        if tokens.isEmpty { return nil }
        self.tokens = tokens
        var starts = [Bool](repeating: false, count: 256)
        for token in tokens {
            if let first = token.pattern.first { starts[Int(first)] = true }
        }
        self.starts = starts
        for (index, token) in tokens.enumerated() where !token.pattern.isEmpty {
            var node = 0
            for byte in token.pattern { node = child(of: node, byte) ?? addChild(to: node, byte) }
            if tokenAt[node] < 0 { tokenAt[node] = Int32(truncatingIfNeeded: index) }
        }
    }

    private func child(of node: Int, _ byte: UInt8) -> Int? {
        var candidate = firstChild[node]
        while candidate >= 0 {
            if bytes[Int(candidate)] == byte { return Int(candidate) }
            candidate = nextSibling[Int(candidate)]
        }
        return nil
    }

    private mutating func addChild(to node: Int, _ byte: UInt8) -> Int {
        let added = bytes.count
        bytes.append(byte)
        firstChild.append(-1)
        nextSibling.append(firstChild[node])
        tokenAt.append(-1)
        firstChild[node] = Int32(truncatingIfNeeded: added)
        return added
    }

    /// The tokens in `text`, and the stretches between them. A stretch is never empty, and what a token strips away
    /// belongs to no stretch.
    /// - Parameter parseSpecialTokens: Whether structure counts; if not, its text stays in the stretches.
    func splits(_ text: Span<UInt8>, parseSpecialTokens: Bool) -> [Split] {
        var result: [Split] = []
        var settled = 0
        var position = 0
        while let match = firstMatch(text, from: position) {
            position = match.range.upperBound
            let token = tokens[match.index]
            if token.isSpecial && !parseSpecialTokens { continue }
            var start = match.range.lowerBound
            var end = match.range.upperBound
            if token.isSingleWord, !standsAlone(text, start, end) { continue }
            if token.stripsLeft { start = max(settled, spaceStart(text, before: start)) }
            if token.stripsRight { end = spaceEnd(text, after: end) }
            if settled < start { result.append(Split(range: settled..<start, token: nil)) }
            result.append(Split(range: start..<max(start, end), token: token.id))
            settled = end
        }
        if settled < text.count { result.append(Split(range: settled..<text.count, token: nil)) }
        return result
    }

    private func firstMatch(_ text: Span<UInt8>, from: Int) -> (range: Range<Int>, index: Int)? {
        var start = from
        while start < text.count {
            if starts[Int(text[start])] {
                var node = 0
                var position = start
                var best: (range: Range<Int>, index: Int)?
                while position < text.count, let next = child(of: node, text[position]) {
                    node = next
                    position += 1
                    if tokenAt[node] >= 0 { best = (start..<position, Int(tokenAt[node])) }
                }
                if let best { return best }
            }
            start += 1
        }
        return nil
    }

    private func standsAlone(_ text: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        let properties = UnicodeProperties.shared
        func isWord(_ index: Int) -> Bool {
            properties[UTF8Scalars.decode(text, index).scalar] & UnicodeProperties.isWordCharacter != 0
        }
        if start > 0, isWord(UTF8Scalars.start(before: start, text)) { return false }
        return end == text.count || !isWord(end)
    }

    private func spaceStart(_ text: Span<UInt8>, before end: Int) -> Int {
        let properties = UnicodeProperties.shared
        var position = end
        while position > 0 {
            let start = UTF8Scalars.start(before: position, text)
            if properties.kind(UTF8Scalars.decode(text, start).scalar) != UnicodeProperties.Class.space { break }
            position = start
        }
        return position
    }

    private func spaceEnd(_ text: Span<UInt8>, after start: Int) -> Int {
        let properties = UnicodeProperties.shared
        var position = start
        while position < text.count {
            let (scalar, next) = UTF8Scalars.decode(text, position)
            if properties.kind(scalar) != UnicodeProperties.Class.space { break }
            position = next
        }
        return position
    }
}
