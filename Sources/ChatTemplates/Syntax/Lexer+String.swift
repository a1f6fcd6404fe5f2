// Text literals and their escapes.
extension Lexer {
    mutating func readString(quote: UInt8) throws(ChatTemplateError) {
        var at = position + 1
        var content: [UInt8] = []
        while at < bytes.count, bytes[at] != quote {
            guard bytes[at] == UInt8(ascii: "\\") else {
                content.append(bytes[at])
                at += 1
                continue
            }
            at += 1
            guard at < bytes.count else { break }
            at = try readEscape(at: at, into: &content)
        }
        guard at < bytes.count else { throw fail("a text is not closed: a quotation mark is missing") }
        tokens.append(Token(kind: .string(Text(bytes: content)), line: line))
        advance(to: at + 1)
    }

    /// Reads what follows a backslash, as Python's `unicode-escape` does; the index after it.
    private func readEscape(at index: Int, into content: inout [UInt8]) throws(ChatTemplateError) -> Int {
        switch bytes[index] {
        case UInt8(ascii: "\n"): return index + 1
        case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): content.append(bytes[index])
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "a"): content.append(0x07)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "v"): content.append(0x0B)
        case UInt8(ascii: "x"): return try readHex(2, at: index + 1, into: &content)
        case UInt8(ascii: "u"): return try readHex(4, at: index + 1, into: &content)
        case UInt8(ascii: "U"): return try readHex(8, at: index + 1, into: &content)
        case UInt8(ascii: "N"): throw fail("the escape \\N{…} is not supported; write the character or \\u")
        case UInt8(ascii: "0")...UInt8(ascii: "7"):
            var value: UInt32 = 0
            var at = index
            while at < bytes.count, at < index + 3, (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(bytes[at]) {
                value = value * 8 + UInt32(bytes[at] - UInt8(ascii: "0"))
                at += 1
            }
            content += Unicode.Scalar(value)?.utf8 ?? []
            return at
        default:
            // An escape Python does not know stays as it is.
            content.append(UInt8(ascii: "\\"))
            content.append(bytes[index])
        }
        return index + 1
    }

    private func readHex(_ count: Int, at index: Int, into content: inout [UInt8]) throws(ChatTemplateError) -> Int {
        guard index + count <= bytes.count,
            bytes[index..<index + count].allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }),
            let value = UInt32(String(decoding: bytes[index..<index + count], as: UTF8.self), radix: 16)
        else { throw fail("an escape in a text needs \(count) hexadecimal digits") }
        guard let scalar = Unicode.Scalar(value) else {
            throw fail("an escape in a text names no character (half of a surrogate pair, or above 10FFFF)")
        }
        content += scalar.utf8
        return index + count
    }
}
