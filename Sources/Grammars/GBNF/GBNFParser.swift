/// Reads GBNF, the notation of llama.cpp's `grammars/README.md`. Keeps its own stack of open groups, so that no input can
/// exhaust the thread's.
struct GBNFParser {
    /// A group that is being read: the alternatives before the current one, and the current one's items.
    private struct Group {
        var alternatives: [Expression] = []
        var items: [Expression] = []
        /// Where it begins.
        var place = Place(line: 1, column: 1)

        var expression: Expression {
            let last = items.count == 1 ? items[0] : .sequence(items)
            return alternatives.isEmpty ? last : .choice(alternatives + [last])
        }
    }

    /// A place in the text.
    private struct Place {
        var line: Int
        var column: Int
    }

    private var reader: GBNFReader
    private var rules: [Rule] = []
    private var numbers: [String: Int] = [:]
    private var isDefined: [Bool] = []
    /// Repetitions without a limit, to be checked when all rules are known.
    private var loops: [(part: Expression, place: Place)] = []

    private init(_ source: String) { reader = GBNFReader(source) }

    /// The rules of `source` and the number of its root.
    static func parse(_ source: String) throws(GrammarError) -> (rules: [Rule], root: Int) {
        guard source.utf8.count <= GrammarLimits.sourceBytes else {
            throw .tooLarge("bytes", limit: GrammarLimits.sourceBytes)
        }
        var parser = GBNFParser(source)
        try parser.readRules()
        guard let root = parser.numbers["root"], parser.isDefined[root] else { throw .missingRoot }
        try parser.check()
        return (parser.rules, root)
    }

    private mutating func readRules() throws(GrammarError) {
        reader.skipSpace(lines: true)
        while reader.next != nil {
            let start = Place(line: reader.line, column: reader.column)
            let name = reader.readName()
            guard !name.isEmpty else { throw reader.error("\(reader.found) where a rule's name should be") }
            reader.skipSpace(lines: false)
            guard reader.take("::=") else { throw reader.error("\(reader.found) where '::=' should be") }
            let number = try number(of: name, start)
            guard !isDefined[number] else { throw .duplicateRule(name, line: start.line, column: start.column) }
            isDefined[number] = true
            rules[number].line = start.line
            rules[number].column = start.column
            rules[number].expression = try readBody()
            reader.skipSpace(lines: true)
        }
    }

    /// The number of the rule `name`, which may be defined later.
    private mutating func number(of name: String, _ place: Place) throws(GrammarError) -> Int {
        if let known = numbers[name] { return known }
        guard rules.count < GrammarLimits.rules else { throw .tooLarge("rules", limit: GrammarLimits.rules) }
        numbers[name] = rules.count
        // Until it is defined its place is that of its first use.
        rules.append(Rule(name: name, expression: .empty, line: place.line, column: place.column))
        isDefined.append(false)
        return rules.count - 1
    }

    /// Reads alternatives up to the end of the rule.
    private mutating func readBody() throws(GrammarError) -> Expression {
        var groups = [Group()]
        reader.skipSpace(lines: true)
        while true {
            let last = groups.count - 1
            guard let scalar = reader.next, !(last == 0 && (scalar == "\n" || scalar == "\r")) else {
                guard last == 0 else { throw reader.error("a group is not closed") }
                // A rule may go on in the next line with another alternative.
                var ahead = reader
                ahead.skipSpace(lines: true)
                guard ahead.next == "|" else { return groups[0].expression }
                reader = ahead
                continue
            }
            let place = Place(line: reader.line, column: reader.column)
            switch scalar {
            case "|":
                reader.advance()
                let items = groups[last].items
                groups[last].alternatives.append(items.count == 1 ? items[0] : .sequence(items))
                groups[last].items = []
                reader.skipSpace(lines: true)
            case "(":
                guard groups.count < GrammarLimits.nesting else {
                    throw .tooDeep(limit: GrammarLimits.nesting, line: place.line, column: place.column)
                }
                reader.advance()
                groups.append(Group(place: place))
                reader.skipSpace(lines: true)
            case ")":
                guard last > 0 else { throw reader.error("')' without '('") }
                reader.advance()
                let group = groups.removeLast()
                try append(group.expression, group.place, to: &groups)
            default:
                try append(try readItem(place), place, to: &groups)
            }
        }
    }

    /// Reads a literal, a class, a dot or a rule's name.
    private mutating func readItem(_ place: Place) throws(GrammarError) -> Expression {
        switch reader.next {
        case "\"":
            reader.advance()
            var text = String.UnicodeScalarView()
            while reader.next != "\"" {
                if let scalar = Unicode.Scalar(try reader.readCharacter()) { text.append(scalar) }
            }
            reader.advance()
            return .text(String(text))
        case "[":
            return .characters(try readClass())
        case ".":
            reader.advance()
            return .characters(.all)
        case "*", "+", "?", "{":
            throw reader.error("\(reader.found) with nothing before it to repeat")
        default:
            let name = reader.readName()
            guard !name.isEmpty else { throw reader.error("unexpected \(reader.found)") }
            var ahead = reader
            ahead.skipSpace(lines: false)
            guard !ahead.take("::=") else {
                throw .syntax("a rule begins within a line", line: place.line, column: place.column)
            }
            return .rule(try number(of: name, place))
        }
    }

    private mutating func readClass() throws(GrammarError) -> CharacterSet {
        let start = reader
        reader.advance()
        let isInverted = reader.take("^")
        var ranges: [ClosedRange<UInt32>] = []
        while reader.next != "]" {
            let first = try reader.readCharacter()
            guard reader.next == "-", reader.second != "]" else {
                ranges.append(first...first)
                continue
            }
            let place = reader
            reader.advance()
            let last = try reader.readCharacter()
            guard first <= last else { throw place.error("the range of a class ends before it begins") }
            ranges.append(first...last)
        }
        reader.advance()
        let set = CharacterSet(ranges)
        let result = isInverted ? set.inverted : set
        guard !result.isEmpty else { throw start.error("a class of no characters") }
        return result
    }

    /// Adds `item` with the repetition behind it to the innermost group.
    private mutating func append(
        _ item: Expression, _ place: Place, to groups: inout [Group]
    ) throws(GrammarError) {
        let isInGroup = groups.count > 1
        reader.skipSpace(lines: isInGroup)
        var item = item
        var repetitions = 0
        while let (least, most) = try readRepetition() {
            repetitions += 1
            guard repetitions <= 3 else { throw reader.error("more than 3 repetitions of the same thing") }
            guard max(least, most ?? 0) <= GrammarLimits.repetition else {
                throw .repetitionTooLarge(limit: GrammarLimits.repetition, line: reader.line, column: reader.column)
            }
            if most == nil { loops.append((item, place)) }
            item = .repeated(item, least: least, most: most)
            reader.skipSpace(lines: isInGroup)
        }
        groups[groups.count - 1].items.append(item)
    }

    /// Reads `*`, `+`, `?`, `{m}`, `{m,}`, `{m,n}` or `{,n}`; nil when none comes next.
    private mutating func readRepetition() throws(GrammarError) -> (least: Int, most: Int?)? {
        switch reader.next {
        case "*":
            reader.advance()
            return (0, nil)
        case "+":
            reader.advance()
            return (1, nil)
        case "?":
            reader.advance()
            return (0, 1)
        case "{":
            let start = reader
            reader.advance()
            reader.skipSpace(lines: false)
            let least = reader.readNumber()
            reader.skipSpace(lines: false)
            var most = least
            if reader.take(",") {
                reader.skipSpace(lines: false)
                most = reader.readNumber()
                guard least != nil || most != nil else { throw start.error("a repetition without a number") }
                reader.skipSpace(lines: false)
            } else if least == nil {
                throw start.error("a repetition without a number")
            }
            guard reader.take("}") else { throw reader.error("\(reader.found) where '}' should be") }
            if let most, most < least ?? 0 {
                throw start.error("a repetition of at most \(most) and at least \(least ?? 0)")
            }
            return (least ?? 0, most)
        default:
            return nil
        }
    }

    /// What can only be told when all rules are there.
    private func check() throws(GrammarError) {
        for (number, rule) in rules.enumerated() where !isDefined[number] {
            throw .undefinedRule(rule.name, line: rule.line, column: rule.column)
        }
        let graph = try StateGraph(rules)
        let nullable = graph.nullableRules()
        for loop in loops where loop.part.isNullable(nullable) {
            throw .emptyLoop(line: loop.place.line, column: loop.place.column)
        }
        if let number = graph.leftRecursiveRule() {
            let rule = graph.rules[number]
            throw .leftRecursion(rule: rule.name, line: rule.line, column: rule.column)
        }
        let productive = graph.productiveRules()
        for (number, rule) in rules.enumerated() where !productive[number] {
            throw .endlessRule(rule: rule.name, line: rule.line, column: rule.column)
        }
    }
}

extension Expression {
    /// Whether it matches the empty text, given which rules do.
    func isNullable(_ rules: [Bool]) -> Bool {
        switch self {
        case .text(let bytes): bytes.isEmpty
        case .characters: false
        case .rule(let number): rules[number]
        case .sequence(let parts): parts.allSatisfy { $0.isNullable(rules) }
        case .choice(let parts): parts.contains { $0.isNullable(rules) }
        case .repeated(let part, let least, _): least == 0 || part.isNullable(rules)
        }
    }
}
