extension JSONReader {
    /// Reads a string.
    public mutating func readString() throws(JSONError) -> String {
        try expect(.string)
        let start = position + 1
        if let end = try scanPlainString() {
            return String(decoding: bytes[start..<end], as: UTF8.self)
        }
        var unescaped: [UInt8] = []
        try unescape(from: start, into: &unescaped)
        return String(decoding: unescaped, as: UTF8.self)
    }

    /// Reads a string, replacing the contents of `buffer` with its UTF-8 bytes.
    public mutating func readStringBytes(into buffer: inout [UInt8]) throws(JSONError) {
        try expect(.string)
        buffer.removeAll(keepingCapacity: true)
        let start = position + 1
        if let end = try scanPlainString() {
            buffer.append(contentsOf: bytes[start..<end])
        } else {
            try unescape(from: start, into: &buffer)
        }
    }

    /// Reads past a string.
    mutating func skipString() throws(JSONError) {
        let start = position + 1
        guard try scanPlainString() == nil else { return }
        var discarded: [UInt8] = []
        try unescape(from: start, into: &discarded)
    }

    /// Reads a string that has no escapes and returns where its closing quote is. At the first backslash it stops there
    /// and returns nil.
    @inline(__always)
    private mutating func scanPlainString() throws(JSONError) -> Int? {
        var index = position + 1
        while index < bytes.count {
            let byte = bytes[index]
            if byte == 0x22 {
                position = index + 1
                return index
            }
            if byte == 0x5C {
                position = index
                return nil
            }
            if byte < 0x80 {
                guard byte >= 0x20 else { throw JSONError(.controlCharacter(byte), offset: index) }
                index += 1
            } else {
                index += try sequenceLength(at: index)
            }
        }
        position = index
        throw error(.unexpectedEnd)
    }

    /// Appends the string whose first byte is at `start` and whose first backslash is at `position`.
    private mutating func unescape(from start: Int, into buffer: inout [UInt8]) throws(JSONError) {
        buffer.append(contentsOf: bytes[start..<position])
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case 0x22:
                position += 1
                return
            case 0x5C:
                try readEscape(into: &buffer)
            case 0x00..<0x20:
                throw error(.controlCharacter(byte))
            case 0x20..<0x80:
                buffer.append(byte)
                position += 1
            default:
                let count = try sequenceLength(at: position)
                buffer.append(contentsOf: bytes[position..<position + count])
                position += count
            }
        }
        throw error(.unexpectedEnd)
    }

    private mutating func readEscape(into buffer: inout [UInt8]) throws(JSONError) {
        guard position + 1 < bytes.count else { throw error(.unexpectedEnd) }
        let plain: UInt8
        switch bytes[position + 1] {
        case 0x22: plain = 0x22
        case 0x5C: plain = 0x5C
        case 0x2F: plain = 0x2F
        case 0x62: plain = 0x08
        case 0x66: plain = 0x0C
        case 0x6E: plain = 0x0A
        case 0x72: plain = 0x0D
        case 0x74: plain = 0x09
        case 0x75: return try readUnicodeEscape(into: &buffer)
        default: throw error(.invalidEscape)
        }
        buffer.append(plain)
        position += 2
    }

    /// Reads `\uXXXX`, or two of them that form a surrogate pair.
    private mutating func readUnicodeEscape(into buffer: inout [UInt8]) throws(JSONError) {
        let first = try hexadecimal(at: position + 2)
        var value = first
        var length = 6
        if first & 0xF800 == 0xD800 {
            guard first < 0xDC00, position + 7 < bytes.count, bytes[position + 6] == 0x5C, bytes[position + 7] == 0x75
            else { throw error(.loneSurrogate) }
            let second = try hexadecimal(at: position + 8)
            guard second & 0xFC00 == 0xDC00 else { throw error(.loneSurrogate) }
            value = 0x10000 + (first & 0x3FF) << 10 + second & 0x3FF
            length = 12
        }
        guard let scalar = Unicode.Scalar(value) else { throw error(.loneSurrogate) }
        buffer.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        position += length
    }

    private func hexadecimal(at start: Int) throws(JSONError) -> UInt32 {
        guard start + 4 <= bytes.count else { throw error(.unexpectedEnd) }
        var value: UInt32 = 0
        for byte in bytes[start..<start + 4] {
            switch byte {
            case 0x30...0x39: value = value << 4 | UInt32(byte - 0x30)
            case 0x41...0x46: value = value << 4 | UInt32(byte - 0x37)
            case 0x61...0x66: value = value << 4 | UInt32(byte - 0x57)
            default: throw error(.invalidEscape)
            }
        }
        return value
    }

    /// Length of the multi-byte UTF-8 sequence at `index` (Unicode 16, table 3-7).
    private func sequenceLength(at index: Int) throws(JSONError) -> Int {
        let lead = bytes[index]
        let (length, second): (Int, ClosedRange<UInt8>)
        switch lead {
        case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: throw JSONError(.invalidUTF8, offset: index)
        }
        guard index + length <= bytes.count, second.contains(bytes[index + 1]) else {
            throw JSONError(.invalidUTF8, offset: index)
        }
        for continuation in bytes[(index + 2)..<(index + length)] where continuation & 0xC0 != 0x80 {
            throw JSONError(.invalidUTF8, offset: index)
        }
        return length
    }
}
