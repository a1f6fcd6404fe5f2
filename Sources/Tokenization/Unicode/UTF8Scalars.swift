/// Characters of UTF-8 text that is known to be valid.
enum UTF8Scalars {
    /// The character at `index`, and where the next one starts.
    @inline(__always)
    static func decode(_ text: Span<UInt8>, _ index: Int) -> (scalar: UInt32, next: Int) {
        let first = UInt32(text[index])
        if first < 0x80 { return (first, index + 1) }
        let second = UInt32(text[index + 1] & 0x3F)
        if first < 0xE0 { return ((first & 0x1F) << 6 | second, index + 2) }
        let third = UInt32(text[index + 2] & 0x3F)
        if first < 0xF0 { return ((first & 0x0F) << 12 | second << 6 | third, index + 3) }
        let fourth = UInt32(text[index + 3] & 0x3F)
        return ((first & 0x07) << 18 | second << 12 | third << 6 | fourth, index + 4)
    }

    /// Where the character before `index` starts.
    @inline(__always)
    static func start(before index: Int, _ text: Span<UInt8>) -> Int {
        var start = index - 1
        while start > 0 && text[start] & 0xC0 == 0x80 { start -= 1 }
        return start
    }

    /// Number of bytes of the character that `lead` starts.
    @inline(__always)
    static func length(_ lead: UInt8) -> Int {
        lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
    }

    /// Appends a character.
    @inline(__always)
    static func append(_ scalar: UInt32, to output: inout [UInt8]) {
        func tail(_ shift: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: scalar >> shift) & 0x3F | 0x80 }
        switch scalar {
        case ..<0x80:
            output.append(UInt8(truncatingIfNeeded: scalar))
        case ..<0x800:
            output.append(UInt8(truncatingIfNeeded: scalar >> 6) | 0xC0)
            output.append(tail(0))
        case ..<0x10000:
            output.append(UInt8(truncatingIfNeeded: scalar >> 12) | 0xE0)
            output.append(tail(6))
            output.append(tail(0))
        default:
            output.append(UInt8(truncatingIfNeeded: scalar >> 18) | 0xF0)
            output.append(tail(12))
            output.append(tail(6))
            output.append(tail(0))
        }
    }
}

/// Checks UTF-8.
enum UTF8Validation {
    /// Whether `bytes` are well-formed UTF-8.
    static func isValid(_ bytes: [UInt8]) -> Bool {
        isValid(bytes.span, 0, bytes.count)
    }

    /// Whether the bytes from `start` to `end` are well-formed UTF-8 (Unicode 16, table 3-7).
    static func isValid(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        var index = start
        while index < end {
            let lead = bytes[index]
            if lead < 0x80 {
                index += 1
                continue
            }
            let length = UTF8Scalars.length(lead)
            guard lead >= 0xC2, lead <= 0xF4, index + length <= end else { return false }
            let low: UInt8 = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80
            let high: UInt8 = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF
            guard bytes[index + 1] >= low, bytes[index + 1] <= high else { return false }
            for offset in 2..<max(length, 2) where bytes[index + offset] & 0xC0 != 0x80 { return false }
            index += length
        }
        return true
    }
}
