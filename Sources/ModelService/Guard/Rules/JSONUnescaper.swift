/// Takes JSON's escapes out of a text that comes character by character. What is no escape stays as it is.
struct JSONUnescaper: Sendable {
    private enum State {
        case plain
        case escape
        case digits(count: Int, value: UInt32)
    }

    private var state = State.plain
    /// The first half of a pair, and where it began.
    private var high: (value: UInt32, start: Int)?
    /// Where the escape begins that is not complete; nil when there is none.
    private var escapeStart: Int?

    /// Where what has not been given out begins; nil when all was.
    var start: Int? { high?.start ?? escapeStart }

    /// Takes a character; gives those that are complete, with the bytes that stand for them.
    mutating func append(
        _ scalar: Unicode.Scalar, at bytes: Range<Int>
    ) -> [(scalar: Unicode.Scalar, bytes: Range<Int>)] {
        switch state {
        case .plain:
            guard scalar == "\\" else { return given(scalar, bytes) }
            state = .escape
            escapeStart = bytes.lowerBound
            return []
        case .escape:
            if scalar == "u" {
                state = .digits(count: 0, value: 0)
                return []
            }
            let meaning: Unicode.Scalar =
                switch scalar {
                case "n", "r", "b", "f": "\n"
                case "t": "\t"
                default: scalar
                }
            return end(meaning, bytes.upperBound)
        case .digits(let count, let value):
            guard let digit = scalar.properties.isASCIIHexDigit ? Self.digit(scalar) : nil else {
                // No escape after all.
                let broken = end("\u{FFFD}", bytes.lowerBound)
                return broken + append(scalar, at: bytes)
            }
            let value = value << 4 | digit
            guard count == 3 else {
                state = .digits(count: count + 1, value: value)
                return []
            }
            return unit(value, bytes.upperBound)
        }
    }

    /// A unit of UTF-16.
    private mutating func unit(_ value: UInt32, _ end: Int) -> [(scalar: Unicode.Scalar, bytes: Range<Int>)] {
        if let high, (0xDC00...0xDFFF).contains(value) {
            escapeStart = high.start
            let whole = 0x10000 + (high.value - 0xD800) << 10 + (value - 0xDC00)
            self.high = nil
            return self.end(Unicode.Scalar(whole) ?? "\u{FFFD}", end)
        }
        if (0xD800...0xDBFF).contains(value), let start = escapeStart {
            var lone: [(scalar: Unicode.Scalar, bytes: Range<Int>)] = []
            if let high { lone = [("\u{FFFD}", high.start..<start)] }
            high = (value, start)
            escapeStart = nil
            state = .plain
            return lone
        }
        return self.end(Unicode.Scalar(value) ?? "\u{FFFD}", end)
    }

    /// The escape that is open means `scalar`.
    private mutating func end(
        _ scalar: Unicode.Scalar, _ end: Int
    ) -> [(scalar: Unicode.Scalar, bytes: Range<Int>)] {
        let start = escapeStart ?? end
        state = .plain
        escapeStart = nil
        return given(scalar, start..<end)
    }

    private mutating func given(
        _ scalar: Unicode.Scalar, _ bytes: Range<Int>
    ) -> [(scalar: Unicode.Scalar, bytes: Range<Int>)] {
        guard let high else { return [(scalar, bytes)] }
        // Half a pair that no other half follows.
        self.high = nil
        return [("\u{FFFD}", high.start..<bytes.lowerBound), (scalar, bytes)]
    }

    private static func digit(_ scalar: Unicode.Scalar) -> UInt32 {
        switch scalar.value {
        case 0x30...0x39: scalar.value - 0x30
        case 0x41...0x46: scalar.value - 0x37
        default: scalar.value - 0x57
        }
    }
}
