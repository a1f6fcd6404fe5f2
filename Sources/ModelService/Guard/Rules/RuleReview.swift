/// Looks for rules in a text as it stands, and as it reads when it is JSON: in the arguments of a call `\n` is a line break
/// and `\u0062` a b.
struct RuleReview: Sendable {
    private var plain: RuleMatcher
    /// Follows the text without escapes, from the first backslash on. Until then both would see the same.
    private var unescaped: RuleMatcher?
    private var unescaper = JSONUnescaper()
    /// Bytes of text so far.
    private var count = 0

    /// Characters that are looked at of what stands before the text. A match has fewer; accents and invisible characters,
    /// of which there may be any number between its letters, come on top.
    private static let skipped = 1 << 14

    init(_ table: RuleTable) { plain = RuleMatcher(table) }

    /// Bytes of text that no rule can still come to need.
    var clearedCount: Int {
        var cleared = plain.openStart ?? count
        if let unescaped {
            cleared = min(cleared, unescaped.openStart ?? count, unescaper.start ?? count)
        }
        return cleared
    }

    /// Takes the end of what stands before the text: matches may begin there, none ends there.
    /// - Returns: Bytes taken. ``clearedCount`` counts them.
    mutating func skip(_ before: String) -> Int {
        let tail = String(before.unicodeScalars.suffix(max(plain.longestMatch + 1, Self.skipped)))
        plain.isSkipping = true
        _ = append(tail)
        plain.isSkipping = false
        unescaped?.isSkipping = false
        return count
    }

    /// Takes more of the text.
    /// - Returns: The rule that matches; nil when none does so far.
    mutating func append(_ text: String) -> Int? {
        for scalar in text.unicodeScalars {
            let bytes = count..<count + UTF8.width(scalar)
            if scalar == "\\", unescaped == nil { unescaped = plain }
            count = bytes.upperBound
            if let rule = plain.append(scalar, at: bytes) { return rule }
            guard unescaped != nil else { continue }
            for (scalar, bytes) in unescaper.append(scalar, at: bytes) {
                if let rule = unescaped?.append(scalar, at: bytes) { return rule }
            }
        }
        return nil
    }

    /// The text is complete.
    /// - Returns: The rule that matches; nil when none does.
    mutating func finish() -> Int? {
        let rules = [plain.finish(), unescaped?.finish()]
        unescaped = nil
        return rules.compactMap(\.self).min()
    }
}
