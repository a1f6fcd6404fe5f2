/// Rules made ready to look for all at once.
struct RuleTable: Sendable {
    let rules: [GuardRule]
    /// Rules by their first character.
    private let first: [UInt32: [Int32]]
    /// Rules that begin with `?`.
    private let open: [Int32]
    /// Most characters that a match has.
    let longestMatch: Int

    init(_ rules: [GuardRule]) {
        self.rules = rules
        var first: [UInt32: [Int32]] = [:]
        var open: [Int32] = []
        for (index, rule) in rules.enumerated() {
            if case .literal(let value)? = rule.pattern.elements.first {
                first[value, default: []].append(Int32(index))
            } else {
                open.append(Int32(index))
            }
        }
        self.first = first
        self.open = open
        longestMatch = rules.map(\.pattern.longestMatch).max() ?? 0
    }

    /// Rules that may begin with a character.
    func starting(with value: UInt32, isWord: Bool) -> [Int32] {
        guard !open.isEmpty, isWord else { return first[value] ?? [] }
        return (first[value] ?? []) + open
    }
}

/// Looks for the rules of a table in a text that comes in pieces.
///
/// All places where a rule may have begun are followed side by side, character by character. A text of n characters takes
/// time in proportion to n times the characters of all rules at worst, and about n as a rule.
struct RuleMatcher: Sendable {
    /// A rule that matches so far.
    private struct Thread: Sendable {
        var rule: Int32
        /// Elements matched.
        var position: Int16
        /// Characters that the element at `position` stands for so far.
        var run: UInt8
        /// Whether an accent may follow: the last character stood for a `?`.
        var takesMarks: Bool
        /// Byte of the text where the match began.
        var start: Int

        var key: UInt64 {
            UInt64(UInt32(bitPattern: rule)) << 32 | UInt64(UInt16(bitPattern: position)) << 16 | UInt64(run) << 8
                | (takesMarks ? 1 : 0)
        }
    }

    private let table: RuleTable
    private var threads: [Thread] = []
    private var next: [Thread] = []
    private var seen: [UInt64: Int] = [:]
    private var folded: [UInt32] = []
    private var last: ScalarKind?
    /// Byte of the text where the character at hand begins.
    private var count = 0
    /// The first rule that matched.
    private(set) var match: Int?

    /// Whether matches that end now do not count.
    var isSkipping = false {
        didSet { if !isSkipping { threads = threads.filter { Int($0.position) < elements($0.rule).count } } }
    }

    init(_ table: RuleTable) { self.table = table }

    /// Most characters that a match has.
    var longestMatch: Int { table.longestMatch }

    /// Byte of the text where the first match begins that may still come about; nil when there is none.
    var openStart: Int? { threads.lazy.map(\.start).min() }

    /// Takes the next character.
    /// - Parameter bytes: Where it stands in the text: what begins with it begins at the first of them.
    /// - Returns: The rule that matches; nil when none does so far.
    mutating func append(_ scalar: Unicode.Scalar, at bytes: Range<Int>) -> Int? {
        guard match == nil else { return match }
        count = bytes.lowerBound
        ScalarFolding.fold(scalar, into: &folded)
        var isFirst = true
        for value in folded {
            let kind = ScalarKind(value)
            step(value, kind, isBorder: isFirst && kind.isBorder(after: last))
            last = kind
            isFirst = false
        }
        count = bytes.upperBound
        return match
    }

    /// The text is complete.
    /// - Returns: The rule that matches; nil when none does.
    mutating func finish() -> Int? {
        if match == nil {
            for thread in threads where Int(thread.position) == elements(thread.rule).count { found(thread.rule) }
        }
        threads = []
        return match
    }

    private func elements(_ rule: Int32) -> [RulePattern.Element] { table.rules[Int(rule)].pattern.elements }

    private mutating func found(_ rule: Int32) {
        if !isSkipping { match = min(match ?? .max, Int(rule)) }
    }

    private mutating func step(_ value: UInt32, _ kind: ScalarKind, isBorder: Bool) {
        let starting = table.starting(with: value, isWord: kind.isWord && !kind.isMark)
        if threads.isEmpty && starting.isEmpty { return }
        next.removeAll(keepingCapacity: true)
        seen.removeAll(keepingCapacity: true)
        for thread in threads {
            if thread.takesMarks, kind.isMark { add(thread) }
            let elements = elements(thread.rule)
            guard thread.position < elements.count else {
                if isBorder { found(thread.rule) }
                continue
            }
            advance(thread, elements[Int(thread.position)], value, kind)
        }
        for rule in starting where isBorder || !table.rules[Int(rule)].pattern.startsWord {
            let thread = Thread(rule: rule, position: 0, run: 0, takesMarks: false, start: count)
            advance(thread, elements(rule)[0], value, kind)
        }
        swap(&threads, &next)
    }

    /// Adds what becomes of a thread whose next element meets a character.
    private mutating func advance(
        _ thread: Thread, _ element: RulePattern.Element, _ value: UInt32, _ kind: ScalarKind
    ) {
        var thread = thread
        thread.takesMarks = false
        switch element {
        case .literal(let wanted):
            guard value == wanted else { return }
            thread.position += 1
            thread.run = 0
        case .any:
            guard kind.isWord, !kind.isMark else { return }
            thread.position += 1
            thread.run = 0
            thread.takesMarks = true
        case .star, .gap:
            guard kind.isWord == (element == .star), thread.run < RulePattern.longestRun else { return }
            thread.run += 1
        }
        add(thread)
    }

    /// Adds a thread, and what it becomes without another character.
    private mutating func add(_ thread: Thread) {
        if let place = seen[thread.key] {
            next[place].start = min(next[place].start, thread.start)
        } else {
            let pattern = table.rules[Int(thread.rule)].pattern
            if Int(thread.position) == pattern.elements.count, !pattern.endsWord {
                found(thread.rule)
                return
            }
            seen[thread.key] = next.count
            next.append(thread)
        }
        let elements = elements(thread.rule)
        guard thread.position < elements.count else { return }
        let element = elements[Int(thread.position)]
        guard element == .star || (element == .gap && thread.run > 0) else { return }
        var after = thread
        after.position += 1
        after.run = 0
        after.takesMarks = false
        add(after)
    }
}
