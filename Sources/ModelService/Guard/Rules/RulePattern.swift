/// What a rule looks for, taken apart.
///
/// Words match whole words, in capitals or not. `*` stands for up to ``longestRun`` letters and digits, `?` for one, a
/// space for whatever stands between words (spaces, line breaks, punctuation, up to ``longestRun`` characters), `\` takes
/// the meaning from the next character. A `*` at either end lets the rule match within a word.
struct RulePattern: Sendable, Hashable {
    /// A piece of the pattern.
    enum Element: Sendable, Hashable {
        /// One folded scalar.
        case literal(UInt32)
        /// One letter or digit.
        case any
        /// Letters and digits, or none.
        case star
        /// What stands between words, at least one character.
        case gap
    }

    /// Most characters that a `*` or a space stands for: what bounds how much of an answer is held back.
    static let longestRun = 64
    /// Most elements.
    static let longest = 256

    let elements: [Element]
    /// Whether a word must begin where it begins.
    let startsWord: Bool
    /// Whether a word must end where it ends.
    let endsWord: Bool

    /// - Throws: ``RuleProblem`` for a pattern that is empty, too long, or would match anything.
    init(_ text: String) throws(RuleProblem) {
        var elements: [Element] = []
        var isEscaped = false
        var folded: [UInt32] = []
        for scalar in text.unicodeScalars {
            if !isEscaped {
                switch scalar {
                case "\\":
                    isEscaped = true
                    continue
                case "*":
                    if elements.last != .star { elements.append(.star) }
                    continue
                case "?":
                    elements.append(.any)
                    continue
                default: break
                }
                if scalar.properties.isWhitespace {
                    if !elements.isEmpty, elements.last != .gap { elements.append(.gap) }
                    continue
                }
            }
            isEscaped = false
            ScalarFolding.fold(scalar, into: &folded)
            elements += folded.map(Element.literal)
        }
        guard !isEscaped else { throw RuleProblem("a backslash at the end of the pattern") }
        if elements.last == .gap { elements.removeLast() }
        let (opens, closes) = (elements.first == .star, elements.last == .star)
        while let first = elements.first, first == .star || first == .gap { elements.removeFirst() }
        while let last = elements.last, last == .star || last == .gap { elements.removeLast() }
        guard !elements.isEmpty else { throw RuleProblem("the pattern is empty, or would match anything") }
        guard elements.contains(where: { if case .literal = $0 { true } else { false } }) else {
            throw RuleProblem("the pattern has no character of its own and would match anything")
        }
        guard elements.count <= Self.longest else {
            throw RuleProblem("the pattern has more than \(Self.longest) characters")
        }
        self.elements = elements
        startsWord = !opens && Self.isWord(elements.first)
        endsWord = !closes && Self.isWord(elements.last)
    }

    /// Most characters that it stands for, accents and invisible characters aside.
    var longestMatch: Int {
        elements.reduce(0) { $0 + ($1 == .star || $1 == .gap ? Self.longestRun : 1) }
    }

    private static func isWord(_ element: Element?) -> Bool {
        switch element {
        case .literal(let value): ScalarKind(value).isWord
        case .any: true
        default: false
        }
    }
}

/// What is wrong with a rule.
struct RuleProblem: Error {
    let text: String
    init(_ text: String) { self.text = text }
}
