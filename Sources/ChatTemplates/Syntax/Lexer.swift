/// Cuts a template into tokens and applies whitespace control: `trim_blocks`, `lstrip_blocks` and the signs `-` and `+`
/// in tags, as Jinja 3.1 does.
struct Lexer {
    var bytes: [UInt8]
    var position = 0
    var line = 1
    var tokens: [Token] = []
    /// Closing brackets still owed inside the current tag: `}}` and `%}` end it only when there are none.
    var owed: [UInt8] = []
    /// Whether what was read last ended with a line break, so that the next byte begins a line.
    var atLineStart = true

    static func tokens(of source: String) throws(ChatTemplateError) -> [Token] {
        var lexer = Lexer(bytes: normalized(source))
        try lexer.readAll()
        return lexer.tokens
    }

    /// Line breaks become `\n`, and one at the very end is dropped (`keep_trailing_newline` is off).
    static func normalized(_ source: String) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(source.utf8.count)
        var afterReturn = false
        for byte in source.utf8 {
            if byte == UInt8(ascii: "\n"), afterReturn {
                afterReturn = false
                continue
            }
            afterReturn = byte == UInt8(ascii: "\r")
            result.append(afterReturn ? UInt8(ascii: "\n") : byte)
        }
        if result.last == UInt8(ascii: "\n") { result.removeLast() }
        return result
    }

    func fail(_ message: String) -> ChatTemplateError {
        ChatTemplateError(kind: .syntax, message: message, line: line)
    }

    private mutating func readAll() throws(ChatTemplateError) {
        while let begin = nextOpening() {
            let kind = bytes[begin + 1]
            if kind == UInt8(ascii: "%"), let bodyStart = rawBodyStart(at: begin) {
                addData(upTo: begin, sign: sign(at: begin + 2), isOutput: false)
                advance(to: bodyStart)
                try readRaw()
                continue
            }
            let sign = sign(at: begin + 2)
            addData(upTo: begin, sign: sign, isOutput: kind == UInt8(ascii: "{"))
            advance(to: begin + (sign == nil ? 2 : 3))
            switch kind {
            case UInt8(ascii: "#"): try readComment()
            case UInt8(ascii: "{"):
                tokens.append(Token(kind: .outputBegin, line: line))
                try readTag(isOutput: true)
            default:
                tokens.append(Token(kind: .tagBegin, line: line))
                try readTag(isOutput: false)
            }
        }
        if position < bytes.count {
            tokens.append(Token(kind: .data(Text(bytes: Array(bytes[position...]))), line: line))
            advance(to: bytes.count)
        }
        tokens.append(Token(kind: .end, line: line))
    }

    /// Where the next `{%`, `{{` or `{#` stands.
    private func nextOpening() -> Int? {
        var at = position
        while at + 1 < bytes.count {
            if bytes[at] == UInt8(ascii: "{") {
                switch bytes[at + 1] {
                case UInt8(ascii: "%"), UInt8(ascii: "{"), UInt8(ascii: "#"): return at
                default: break
                }
            }
            at += 1
        }
        return nil
    }

    private func sign(at index: Int) -> UInt8? {
        guard index < bytes.count else { return nil }
        return bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") ? bytes[index] : nil
    }

    /// Adds the text before a tag, stripped as the tag's sign asks.
    mutating func addData(upTo end: Int, sign: UInt8?, isOutput: Bool) {
        var kept = end
        if sign == UInt8(ascii: "-") {
            kept = Self.endOfText(in: bytes, from: position, to: end)
        } else if sign == nil, !isOutput {
            var lineStart = end
            while lineStart > position, bytes[lineStart - 1] != UInt8(ascii: "\n") { lineStart -= 1 }
            if lineStart > position || atLineStart, Self.skipSpace(in: bytes, from: lineStart, to: end) == end {
                kept = lineStart
            }
        }
        if kept > position {
            tokens.append(Token(kind: .data(Text(bytes: Array(bytes[position..<kept]))), line: line))
        }
        advance(to: end)
    }

    /// Moves on and keeps count of lines.
    mutating func advance(to index: Int) {
        let target = min(index, bytes.count)
        guard target > position else { return }
        for byte in bytes[position..<target] where byte == UInt8(ascii: "\n") { line += 1 }
        atLineStart = bytes[target - 1] == UInt8(ascii: "\n")
        position = target
    }

    /// Moves past the closing bracket pair at `index` and past what its sign or `trim_blocks` takes with it.
    mutating func finishTag(at index: Int, sign: UInt8?, trims: Bool) {
        var after = index + 2
        if sign == UInt8(ascii: "-") {
            after = Self.skipSpace(in: bytes, from: after, to: bytes.count)
        } else if sign == nil, trims, after < bytes.count, bytes[after] == UInt8(ascii: "\n") {
            after += 1
        }
        advance(to: after)
    }

    private mutating func readComment() throws(ChatTemplateError) {
        guard let end = ByteSearch.first(Array("#}".utf8), in: bytes, from: position) else {
            // With nothing after it, Jinja lets it pass.
            guard position < bytes.count else { return }
            throw fail("a comment is not closed: '#}' is missing")
        }
        let sign = end > position ? sign(at: end - 1) : nil
        finishTag(at: end, sign: sign, trims: true)
    }
}

extension Lexer {
    /// The first index at or after `start` that is not whitespace.
    static func skipSpace(in bytes: [UInt8], from start: Int, to end: Int) -> Int {
        var at = start
        while at < end, let (scalar, length) = scalar(in: bytes, at: at), scalar.isPythonSpace { at += length }
        return at
    }

    /// Where the text of a range ends when whitespace at its end does not count.
    static func endOfText(in bytes: [UInt8], from start: Int, to end: Int) -> Int {
        var last = end
        while last > start {
            var at = last - 1
            while at > start, bytes[at] & 0xC0 == 0x80 { at -= 1 }
            guard let (scalar, _) = scalar(in: bytes, at: at), scalar.isPythonSpace else { break }
            last = at
        }
        return last
    }

    /// The scalar at a byte index and its length; nil at the end.
    static func scalar(in bytes: [UInt8], at index: Int) -> (Unicode.Scalar, Int)? {
        guard index < bytes.count else { return nil }
        let lead = bytes[index]
        if lead < 0x80 { return (Unicode.Scalar(lead), 1) }
        let length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2
        var value = UInt32(lead) & (length == 4 ? 0x07 : length == 3 ? 0x0F : 0x1F)
        for offset in 1..<length where index + offset < bytes.count {
            value = value << 6 | UInt32(bytes[index + offset] & 0x3F)
        }
        return (Unicode.Scalar(value) ?? "\u{FFFD}", length)
    }
}
