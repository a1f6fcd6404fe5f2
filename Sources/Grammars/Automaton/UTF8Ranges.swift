/// Ranges of characters as sequences of ranges of bytes.
enum UTF8Ranges {
    /// The UTF-8 of the characters of `range`, none of them a surrogate: each sequence has one range for each byte.
    static func sequences(of range: ClosedRange<UInt32>) -> [[ClosedRange<UInt8>]] {
        var result: [[ClosedRange<UInt8>]] = []
        var pending = [range]
        while let range = pending.popLast() {
            if let (low, high) = split(range) {
                pending.append(high)
                pending.append(low)
            } else {
                result.append(zip(encoded(range.lowerBound), encoded(range.upperBound)).map { $0...$1 })
            }
        }
        return result
    }

    /// Two parts of a range whose bytes do not vary independently of each other; nil for a range whose bytes do.
    private static func split(_ range: ClosedRange<UInt32>) -> (ClosedRange<UInt32>, ClosedRange<UInt32>)? {
        let (low, high) = (range.lowerBound, range.upperBound)
        for last: UInt32 in [0x7F, 0x7FF, 0xFFFF] where low <= last && last < high {
            return (low...last, (last + 1)...high)
        }
        guard high > 0x7F else { return nil }
        for bits: UInt32 in [6, 12, 18] {
            let mask = (UInt32(1) << bits) - 1
            guard low & ~mask != high & ~mask else { continue }
            if low & mask != 0 { return (low...(low | mask), ((low | mask) + 1)...high) }
            if high & mask != mask { return (low...((high & ~mask) - 1), (high & ~mask)...high) }
        }
        return nil
    }

    private static func encoded(_ scalar: UInt32) -> [UInt8] {
        func tail(_ shift: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: 0x80 | ((scalar >> shift) & 0x3F)) }
        switch scalar {
        case 0..<0x80: return [UInt8(truncatingIfNeeded: scalar)]
        case 0x80..<0x800: return [UInt8(truncatingIfNeeded: 0xC0 | (scalar >> 6)), tail(0)]
        case 0x800..<0x10000: return [UInt8(truncatingIfNeeded: 0xE0 | (scalar >> 12)), tail(6), tail(0)]
        default: return [UInt8(truncatingIfNeeded: 0xF0 | (scalar >> 18)), tail(12), tail(6), tail(0)]
        }
    }
}
