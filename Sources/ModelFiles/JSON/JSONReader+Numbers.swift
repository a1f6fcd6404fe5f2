extension JSONReader {
    /// Reads a whole number.
    /// - Throws: ``JSONError`` for a fraction, an exponent, or a number that does not fit.
    public mutating func readInt() throws(JSONError) -> Int {
        let start = position
        let number = try scanNumber()
        guard number.isInteger else { throw JSONError(.notAnInteger(text(number.range)), offset: start) }
        guard let value = integer(number.range), let result = Int(exactly: value) else {
            throw JSONError(.numberOutOfRange(text(number.range)), offset: start)
        }
        return result
    }

    /// Reads a number as the nearest double.
    /// - Throws: ``JSONError`` for a number too large for one.
    public mutating func readDouble() throws(JSONError) -> Double {
        let start = position
        return try double(scanNumber().range, start)
    }

    /// Reads a number as an integer where it is written as one and fits, else as the nearest double.
    mutating func readNumber() throws(JSONError) -> JSONValue {
        let start = position
        let number = try scanNumber()
        if number.isInteger, let value = integer(number.range) { return .integer(value) }
        return .number(try double(number.range, start))
    }

    /// Reads past a number; returns where it is and whether it is written without fraction and exponent.
    mutating func scanNumber() throws(JSONError) -> (range: Range<Int>, isInteger: Bool) {
        try expect(.number)
        let start = position
        var isInteger = true
        if bytes[position] == 0x2D {
            position += 1
            if position < bytes.count, bytes[position] == 0x49 { throw error(.notANumber("-Infinity")) }
        }
        let leadingZero = position < bytes.count && bytes[position] == 0x30
        let digits = try scanDigits()
        guard digits == 1 || !leadingZero else { throw JSONError(.invalidNumber, offset: start) }
        if position < bytes.count, bytes[position] == 0x2E {
            isInteger = false
            position += 1
            _ = try scanDigits()
        }
        if position < bytes.count, bytes[position] | 0x20 == 0x65 {
            isInteger = false
            position += 1
            if position < bytes.count, bytes[position] == 0x2B || bytes[position] == 0x2D { position += 1 }
            _ = try scanDigits()
        }
        return (start..<position, isInteger)
    }

    private mutating func scanDigits() throws(JSONError) -> Int {
        let start = position
        while position < bytes.count, bytes[position] &- 0x30 <= 9 { position += 1 }
        guard position > start else { throw error(position < bytes.count ? .invalidNumber : .unexpectedEnd) }
        return position - start
    }

    private func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range].prefix(40), as: UTF8.self) + (range.count > 40 ? "…" : "")
    }

    /// The value of `-?[0-9]+`; nil when it does not fit.
    private func integer(_ range: Range<Int>) -> Int64? {
        let isNegative = bytes[range.lowerBound] == 0x2D
        var value: Int64 = 0
        for byte in bytes[range].dropFirst(isNegative ? 1 : 0) {
            let (product, overflowed) = value.multipliedReportingOverflow(by: 10)
            let digit = Int64(byte &- 0x30)
            let (sum, carried) =
                isNegative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
            if overflowed || carried { return nil }
            value = sum
        }
        return value
    }

    private func double(_ range: Range<Int>, _ start: Int) throws(JSONError) -> Double {
        guard range.count <= 1024, let value = Double(String(decoding: bytes[range], as: UTF8.self)) else {
            throw JSONError(.invalidNumber, offset: start)
        }
        guard value.isFinite else { throw JSONError(.numberOutOfRange(text(range)), offset: start) }
        return value
    }
}
