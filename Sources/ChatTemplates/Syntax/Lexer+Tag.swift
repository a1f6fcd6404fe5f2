// Inside `{{ … }}` and `{% … %}`.
extension Lexer {
    /// Reads tokens up to and with the end of the tag.
    mutating func readTag(isOutput: Bool) throws(ChatTemplateError) {
        owed.removeAll()
        while true {
            if owed.isEmpty, readEnd(isOutput: isOutput) { return }
            guard let (scalar, length) = Self.scalar(in: bytes, at: position) else {
                throw fail(isOutput ? "'{{' is not closed: '}}' is missing" : "'{%' is not closed: '%}' is missing")
            }
            if scalar.isPythonSpace {
                advance(to: position + length)
            } else if ("0"..."9").contains(scalar) {
                try readNumber()
            } else if scalar == "_" || scalar.properties.isAlphabetic || scalar.properties.numericType != nil {
                try readName()
            } else if scalar == "'" || scalar == "\"" {
                try readString(quote: UInt8(truncatingIfNeeded: scalar.value))
            } else {
                try readSymbol(scalar)
            }
        }
    }

    private mutating func readEnd(isOutput: Bool) -> Bool {
        var at = position
        var sign: UInt8?
        guard at < bytes.count else { return false }
        if bytes[at] == UInt8(ascii: "-") || (bytes[at] == UInt8(ascii: "+") && !isOutput) {
            sign = bytes[at]
            at += 1
        }
        let first = isOutput ? UInt8(ascii: "}") : UInt8(ascii: "%")
        guard at + 1 < bytes.count, bytes[at] == first, bytes[at + 1] == UInt8(ascii: "}") else { return false }
        tokens.append(Token(kind: isOutput ? .outputEnd : .tagEnd, line: line))
        finishTag(at: at, sign: sign, trims: !isOutput)
        return true
    }

    private mutating func add(_ kind: Token.Kind, upTo end: Int) {
        tokens.append(Token(kind: kind, line: line))
        advance(to: end)
    }

    private mutating func readSymbol(_ scalar: Unicode.Scalar) throws(ChatTemplateError) {
        let one = bytes[position]
        let two = position + 1 < bytes.count ? bytes[position + 1] : 0
        for symbol in Token.Symbol.allCases {
            let spelling = symbol.rawValue.utf8
            guard spelling.first == one, spelling.count == 1 || spelling.last == two else { continue }
            switch symbol {
            case .leftBrace: owed.append(UInt8(ascii: "}"))
            case .leftParenthesis: owed.append(UInt8(ascii: ")"))
            case .leftBracket: owed.append(UInt8(ascii: "]"))
            case .rightBrace, .rightParenthesis, .rightBracket:
                guard let expected = owed.popLast() else { throw fail("unexpected '\(symbol.rawValue)'") }
                guard expected == one else {
                    throw fail("unexpected '\(symbol.rawValue)', expected '\(Unicode.Scalar(expected))'")
                }
            default: break
            }
            return add(.symbol(symbol), upTo: position + spelling.count)
        }
        throw fail("unexpected character '\(scalar.escaped(asASCII: false))'")
    }

    private mutating func readName() throws(ChatTemplateError) {
        var end = position
        while let (scalar, length) = Self.scalar(in: bytes, at: end),
            scalar == "_" || scalar.properties.isAlphabetic || scalar.properties.numericType != nil
        {
            end += length
        }
        let name = String(decoding: bytes[position..<end], as: UTF8.self)
        guard let first = name.unicodeScalars.first, first == "_" || first.properties.isXIDStart else {
            throw fail("invalid character in the name '\(name)'")
        }
        add(.name(name), upTo: end)
    }

    /// The end of digits with single `_` between them, beginning at `start`; `start` when there is none.
    private func digitsEnd(_ start: Int, _ isDigit: (UInt8) -> Bool) -> Int {
        var at = start
        while at < bytes.count {
            if isDigit(bytes[at]) {
                at += 1
            } else if at > start, bytes[at] == UInt8(ascii: "_"), at + 1 < bytes.count, isDigit(bytes[at + 1]) {
                at += 2
            } else {
                break
            }
        }
        return at
    }

    private mutating func readNumber() throws(ChatTemplateError) {
        func decimal(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
        func digits(_ range: Range<Int>) -> String {
            String(decoding: bytes[range].filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)
        }
        // After a dot a number is an index: `a.0.1`.
        let afterDot = position > 0 && bytes[position - 1] == UInt8(ascii: ".")
        let whole = digitsEnd(position, decimal)
        if !afterDot {
            var end = whole
            if end + 1 < bytes.count, bytes[end] == UInt8(ascii: "."), decimal(bytes[end + 1]) {
                end = digitsEnd(end + 1, decimal)
            }
            if end < bytes.count, bytes[end] | 0x20 == UInt8(ascii: "e") {
                var exponent = end + 1
                if exponent < bytes.count, bytes[exponent] == UInt8(ascii: "+") || bytes[exponent] == UInt8(ascii: "-")
                {
                    exponent += 1
                }
                let exponentEnd = digitsEnd(exponent, decimal)
                if exponentEnd > exponent { end = exponentEnd }
            }
            if end > whole {
                guard let value = Double(digits(position..<end)) else { throw fail("a number that cannot be read") }
                return add(.float(value), upTo: end)
            }
        }
        var start = position
        var end = whole
        var radix = 10
        if bytes[position] == UInt8(ascii: "0") {
            // Zero stands alone, or begins another base.
            end = digitsEnd(position) { $0 == UInt8(ascii: "0") }
            if position + 2 < bytes.count {
                switch bytes[position + 1] | 0x20 {
                case UInt8(ascii: "x"): radix = 16
                case UInt8(ascii: "o"): radix = 8
                case UInt8(ascii: "b"): radix = 2
                default: break
                }
                if radix != 10 {
                    let base = radix
                    let first = bytes[position + 2] == UInt8(ascii: "_") ? position + 3 : position + 2
                    let other = digitsEnd(first) { Int(String(Unicode.Scalar($0)), radix: base) != nil }
                    if other > first {
                        start = first
                        end = other
                    } else {
                        radix = 10
                    }
                }
            }
        }
        guard let value = Int(digits(start..<end), radix: radix) else {
            throw ChatTemplateError(
                kind: .arithmetic, message: "the integer \(digits(start..<end).prefix(40)) does not fit in 64 bits",
                line: line)
        }
        add(.integer(value), upTo: end)
    }
}
