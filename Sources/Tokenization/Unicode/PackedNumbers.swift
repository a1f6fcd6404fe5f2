/// Reads the variable-length numbers that `UnicodeData` keeps as base64 text.
struct PackedNumbers {
    private var bytes: [UInt8] = []
    private var position = 0

    init(_ text: StaticString) {
        text.withUTF8Buffer { buffer in
            var bits: UInt32 = 0
            var count: UInt32 = 0
            bytes.reserveCapacity(buffer.count * 3 / 4)
            for character in buffer {
                let value: UInt8
                switch character {
                case 0x41...0x5A: value = character - 0x41
                case 0x61...0x7A: value = character - 0x61 + 26
                case 0x30...0x39: value = character - 0x30 + 52
                case 0x2B: value = 62
                case 0x2F: value = 63
                default: continue
                }
                bits = bits << 6 | UInt32(value)
                count += 6
                if count >= 8 {
                    count -= 8
                    bytes.append(UInt8(truncatingIfNeeded: bits >> count))
                }
            }
        }
    }

    /// Whether all numbers are read.
    var isAtEnd: Bool { position >= bytes.count }

    /// The next number; 0 at the end.
    mutating func next() -> Int {
        var value = 0
        var shift = 0
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            value |= Int(byte & 0x7F) << shift
            shift += 7
            if byte < 0x80 { break }
        }
        return value
    }
}
