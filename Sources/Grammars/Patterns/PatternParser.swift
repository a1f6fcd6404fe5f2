/// Why a regular expression is not honoured.
struct PatternError: Error {
    var reason: String
}

/// Reads regular expressions of ECMA-262, as far as they are regular: characters, escapes, classes, groups, alternatives,
/// repetitions (lazy ones match the same texts), `^` and `$` at the ends of the alternatives.
struct PatternParser {
    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var depth = 0

    private init(_ pattern: String) { scalars = Array(pattern.unicodeScalars) }

    /// The texts in which `pattern` is found, as an expression over characters. Where it is not tied to the start or the end,
    /// anything may stand before or after it.
    static func parse(_ pattern: String) throws(PatternError) -> Expression {
        guard pattern.utf8.count <= 1 << 16 else { throw PatternError(reason: "it is longer than 65536 bytes") }
        var parser = PatternParser(pattern)
        let alternatives = try parser.readTop()
        let anything = Expression.repeated(.characters(.all), least: 0, most: nil)
        let parts = alternatives.map { part -> Expression in
            if part.isStart, part.isEnd { return part.expression }
            return .sequence((part.isStart ? [] : [anything]) + [part.expression] + (part.isEnd ? [] : [anything]))
        }
        return parts.count == 1 ? parts[0] : .choice(parts)
    }

    private struct Alternative {
        var expression: Expression
        var isStart: Bool
        var isEnd: Bool
    }

    private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    private mutating func take(_ text: String) -> Bool {
        let wanted = Array(text.unicodeScalars)
        guard position + wanted.count <= scalars.count,
            scalars[position..<(position + wanted.count)].elementsEqual(wanted)
        else { return false }
        position += wanted.count
        return true
    }

    /// The alternatives of the whole, each with its anchors.
    private mutating func readTop() throws(PatternError) -> [Alternative] {
        var alternatives: [Alternative] = []
        repeat {
            let isStart = take("^")
            let expression = try readItems()
            let isEnd = take("$")
            if next == ")" { throw PatternError(reason: "')' without '('") }
            guard next == nil || next == "|" else {
                throw PatternError(reason: "'^' and '$' are honoured at the ends only")
            }
            alternatives.append(Alternative(expression: expression, isStart: isStart, isEnd: isEnd))
        } while take("|")
        return alternatives
    }

    private mutating func readAlternatives() throws(PatternError) -> Expression {
        var parts: [Expression] = []
        repeat {
            parts.append(try readItems())
            if next == "$" || next == "^" { throw PatternError(reason: "'^' and '$' are honoured at the ends only") }
        } while take("|")
        return parts.count == 1 ? parts[0] : .choice(parts)
    }

    /// Items up to `|`, `)`, an anchor or the end.
    private mutating func readItems() throws(PatternError) -> Expression {
        var items: [Expression] = []
        var text: [UInt8] = []
        while let scalar = next, scalar != "|", scalar != ")", scalar != "$", scalar != "^" {
            let item = try readAtom()
            let (repetition, isRepeated) = try readRepetition(item)
            if !isRepeated, case .text(let bytes) = item {
                text += bytes
                continue
            }
            if !text.isEmpty { items.append(.text(text)) }
            text = []
            items.append(repetition)
        }
        if !text.isEmpty { items.append(.text(text)) }
        return items.count == 1 ? items[0] : .sequence(items)
    }

    private mutating func readAtom() throws(PatternError) -> Expression {
        guard let scalar = next else { return .empty }
        position += 1
        switch scalar {
        case "(":
            if take("?") {
                if take("=") || take("!") { throw PatternError(reason: "lookahead is not honoured") }
                if take("<=") || take("<!") { throw PatternError(reason: "lookbehind is not honoured") }
                if take("<") {
                    while let scalar = next, scalar != ">", scalar.properties.isIDContinue || scalar == "$" {
                        position += 1
                    }
                    guard take(">") else { throw PatternError(reason: "the name of a group is not closed") }
                } else if !take(":") {
                    throw PatternError(reason: "'(?\(next.map(String.init) ?? "")' is not honoured")
                }
            }
            depth += 1
            guard depth <= GrammarLimits.nesting else {
                throw PatternError(reason: "groups are nested more than \(GrammarLimits.nesting) levels deep")
            }
            let group = try readAlternatives()
            depth -= 1
            guard take(")") else { throw PatternError(reason: "a group is not closed") }
            return group
        case "[": return .characters(try readClass())
        case ".":
            return .characters(CharacterSet([0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029]).inverted)
        case "\\":
            switch try readEscape(inClass: false) {
            case .one(let scalar): return Self.text(scalar)
            case .set(let set, inverse: _): return .characters(set)
            }
        case "*", "+", "?": throw PatternError(reason: "'\(scalar)' with nothing before it to repeat")
        case "{":
            throw PatternError(reason: "'{' with nothing before it to repeat; as a character it is written '\\{'")
        default: return Self.text(scalar.value)
        }
    }

    private static func text(_ scalar: UInt32) -> Expression {
        .text(Unicode.Scalar(scalar).map { Array(String(Character($0)).utf8) } ?? [])
    }

    private mutating func readRepetition(_ item: Expression) throws(PatternError) -> (Expression, Bool) {
        var counts: (least: Int, most: Int?)
        if take("*") {
            counts = (0, nil)
        } else if take("+") {
            counts = (1, nil)
        } else if take("?") {
            counts = (0, 1)
        } else if take("{") {
            guard let least = try readNumber() else { throw PatternError(reason: "'{' that is no repetition") }
            counts = (least, least)
            if take(",") { counts.most = try readNumber() }
            guard take("}") else { throw PatternError(reason: "'{' that is no repetition") }
            if let most = counts.most, most < least { throw PatternError(reason: "a repetition that is out of order") }
        } else {
            return (item, false)
        }
        _ = take("?")
        if let scalar = next, "*+?{".unicodeScalars.contains(scalar) {
            throw PatternError(reason: "a repetition of a repetition")
        }
        return (.repeated(item, least: counts.least, most: counts.most), true)
    }

    private mutating func readNumber() throws(PatternError) -> Int? {
        var number: Int?
        while let scalar = next, ("0"..."9").contains(scalar) {
            position += 1
            let value = (number ?? 0) * 10 + Int(scalar.value - 0x30)
            guard value <= GrammarLimits.repetition else {
                throw PatternError(reason: "a repetition of more than \(GrammarLimits.repetition)")
            }
            number = value
        }
        return number
    }

    // MARK: Classes and escapes

    private enum Escape {
        case one(UInt32)
        /// A set, and what `^` makes of it.
        case set(CharacterSet, inverse: CharacterSet)
    }

    private mutating func readClass() throws(PatternError) -> CharacterSet {
        let isInverted = take("^")
        var ranges: [ClosedRange<UInt32>] = []
        while true {
            guard next != nil else { throw PatternError(reason: "a class is not closed") }
            if take("]") { break }
            let first = try readMember(isInverted)
            guard next == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else {
                ranges += first.ranges
                continue
            }
            position += 1
            let last = try readMember(isInverted)
            guard let low = first.only, let high = last.only, low <= high else {
                throw PatternError(reason: "a range of a class that is out of order")
            }
            ranges.append(low...high)
        }
        let set = CharacterSet(ranges)
        return isInverted ? set.inverted : set
    }

    private mutating func readMember(_ isInverted: Bool) throws(PatternError) -> CharacterSet {
        guard let scalar = next else { throw PatternError(reason: "a class is not closed") }
        position += 1
        guard scalar == "\\" else { return CharacterSet([scalar.value...scalar.value]) }
        switch try readEscape(inClass: true) {
        case .one(let scalar): return CharacterSet([scalar...scalar])
        case .set(let set, let inverse): return isInverted ? inverse.inverted : set
        }
    }

    private mutating func readEscape(inClass: Bool) throws(PatternError) -> Escape {
        guard let scalar = next else { throw PatternError(reason: "it ends with a backslash") }
        position += 1
        let digits = CharacterSet([0x30...0x39])
        let word = CharacterSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
        // White space differs between languages: what all agree on is taken, and what none counts as such.
        let space = CharacterSet([0x09...0x0D, 0x20...0x20])
        let anySpace = CharacterSet([
            0x09...0x0D, 0x1C...0x20, 0x85...0x85, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029,
            0x202F...0x202F, 0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
        ])
        switch scalar {
        case "d": return .set(digits, inverse: digits.inverted)
        case "D": return .set(digits.inverted, inverse: digits)
        case "w": return .set(word, inverse: word.inverted)
        case "W": return .set(word.inverted, inverse: word)
        case "s": return .set(space, inverse: anySpace.inverted)
        case "S": return .set(anySpace.inverted, inverse: space)
        case "t": return .one(0x09)
        case "n": return .one(0x0A)
        case "v": return .one(0x0B)
        case "f": return .one(0x0C)
        case "r": return .one(0x0D)
        case "b" where inClass: return .one(0x08)
        case "0" where !(next.map { ("0"..."9").contains($0) } ?? false): return .one(0)
        case "x": return .one(try readHex(2))
        case "u":
            if take("{") {
                var value: UInt32 = 0
                var count = 0
                while let digit = next.flatMap({ Character($0).hexDigitValue }), count < 6 {
                    value = value << 4 | UInt32(digit)
                    count += 1
                    position += 1
                }
                guard count > 0, take("}"), Unicode.Scalar(value) != nil else {
                    throw PatternError(reason: "'\\u{' that is no character")
                }
                return .one(value)
            }
            let high = try readHex(4)
            guard (0xD800...0xDBFF).contains(high), take("\\u") else {
                guard Unicode.Scalar(high) != nil else { throw PatternError(reason: "half of a surrogate pair") }
                return .one(high)
            }
            let low = try readHex(4)
            guard (0xDC00...0xDFFF).contains(low) else { throw PatternError(reason: "half of a surrogate pair") }
            return .one(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
        case "b", "B": throw PatternError(reason: "'\\\(scalar)', a border of words, is not honoured")
        case "p", "P": throw PatternError(reason: "'\\\(scalar){…}' is not honoured; list the characters")
        case "k", "1"..."9": throw PatternError(reason: "references to groups are not honoured")
        case "a"..."z", "A"..."Z", "0": throw PatternError(reason: "unknown escape '\\\(scalar)'")
        default: return .one(scalar.value)
        }
    }

    private mutating func readHex(_ count: Int) throws(PatternError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<count {
            guard let scalar = next, scalar.isASCII, let digit = Character(scalar).hexDigitValue else {
                throw PatternError(reason: "an escape needs \(count) hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}

extension CharacterSet {
    /// The only character; nil for none or several.
    fileprivate var only: UInt32? {
        guard ranges.count == 1, ranges[0].count == 1 else { return nil }
        return ranges[0].lowerBound
    }
}
