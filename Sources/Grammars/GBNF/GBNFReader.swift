/// The text of a grammar, character by character, with the place.
struct GBNFReader {
    private let scalars: [Unicode.Scalar]
    private(set) var position = 0
    private(set) var line = 1
    private(set) var column = 1

    init(_ source: String) { scalars = Array(source.unicodeScalars) }

    /// The next character, which stays unread; nil at the end.
    var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    /// The character after ``next``.
    var second: Unicode.Scalar? { position + 1 < scalars.count ? scalars[position + 1] : nil }

    mutating func advance() {
        guard let scalar = next else { return }
        position += 1
        if scalar == "\n" {
            line += 1
            column = 1
        } else {
            column += 1
        }
    }

    /// Reads `text` if it comes next.
    mutating func take(_ text: String) -> Bool {
        let wanted = Array(text.unicodeScalars)
        guard position + wanted.count <= scalars.count,
            scalars[position..<(position + wanted.count)].elementsEqual(wanted)
        else { return false }
        for _ in wanted { advance() }
        return true
    }

    /// Reads past blanks and comments, and past line ends where they mean nothing.
    mutating func skipSpace(lines: Bool) {
        while let scalar = next {
            switch scalar {
            case " ", "\t": advance()
            case "\n", "\r":
                guard lines else { return }
                advance()
            case "#": while let scalar = next, scalar != "\n", scalar != "\r" { advance() }
            default: return
            }
        }
    }

    func error(_ what: String) -> GrammarError { .syntax(what, line: line, column: column) }

    /// What comes next, for a message.
    var found: String {
        guard let next else { return "the end" }
        return next.value < 0x20
            ? (next == "\n" || next == "\r" ? "the end of the line" : "a control character") : "'\(next)'"
    }

    /// Reads a rule's name; empty when none comes next.
    mutating func readName() -> String {
        var name = String.UnicodeScalarView()
        while let scalar = next {
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "-", "_": name.append(scalar)
            default: return String(name)
            }
            advance()
        }
        return String(name)
    }

    /// Reads decimal digits as a number, held at a million; nil when none come next.
    mutating func readNumber() -> Int? {
        var number: Int?
        while let scalar = next, ("0"..."9").contains(scalar) {
            number = min((number ?? 0) * 10 + Int(scalar.value - 48), 1_000_000)
            advance()
        }
        return number
    }

    /// Reads a character of a literal or of a class, with its escapes: `\n \r \t \\ \" \[ \]`, `\xHH`, `\uHHHH`, `\UHHHHHHHH`.
    mutating func readCharacter() throws(GrammarError) -> UInt32 {
        guard let scalar = next else { throw error("the grammar ends within a literal or class") }
        guard scalar == "\\" else {
            guard scalar != "\n", scalar != "\r" else { throw error("a line ends within a literal or class") }
            advance()
            return scalar.value
        }
        let start = self
        advance()
        guard let escape = next else { throw start.error("the grammar ends within an escape") }
        advance()
        switch escape {
        case "n": return 0x0A
        case "r": return 0x0D
        case "t": return 0x09
        case "\\", "\"", "[", "]", "-", "^", "/": return escape.value
        case "x": return try readHex(2, start)
        case "u": return try readHex(4, start)
        case "U": return try readHex(8, start)
        default: throw start.error("unknown escape \\\(escape)")
        }
    }

    private mutating func readHex(_ count: Int, _ start: GBNFReader) throws(GrammarError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<count {
            guard let scalar = next, let digit = Character(scalar).hexDigitValue, scalar.isASCII else {
                throw start.error("an escape needs \(count) hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            advance()
        }
        guard Unicode.Scalar(value) != nil else { throw start.error("an escape of something that is no character") }
        return value
    }
}
