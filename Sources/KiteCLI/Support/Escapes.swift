/// Backslash escapes in text typed on a command line.
enum Escapes {
    /// `text` with `\n \r \t \' \" \\` and `\xHH` replaced by what they stand for. Anything else stays as it is, so that
    /// Windows paths and regular expressions survive as far as they can.
    static func processed(_ text: String) -> String {
        guard text.utf8.contains(0x5C) else { return text }
        let input = Array(text.utf8)
        var output: [UInt8] = []
        output.reserveCapacity(input.count)
        var index = 0
        while index < input.count {
            guard input[index] == 0x5C, index + 1 < input.count else {
                output.append(input[index])
                index += 1
                continue
            }
            switch input[index + 1] {
            case UInt8(ascii: "n"): output.append(0x0A)
            case UInt8(ascii: "r"): output.append(0x0D)
            case UInt8(ascii: "t"): output.append(0x09)
            case UInt8(ascii: "'"): output.append(0x27)
            case UInt8(ascii: "\""): output.append(0x22)
            case 0x5C: output.append(0x5C)
            case UInt8(ascii: "x"):
                if index + 3 < input.count, let byte = hexByte(input[index + 2], input[index + 3]) {
                    output.append(byte)
                    index += 2
                } else {
                    output += [0x5C, 0x78]
                }
            case let other: output += [0x5C, other]
            }
            index += 2
        }
        return String(decoding: output, as: UTF8.self)
    }

    private static func hexByte(_ high: UInt8, _ low: UInt8) -> UInt8? {
        guard let high = Character(Unicode.Scalar(high)).hexDigitValue,
            let low = Character(Unicode.Scalar(low)).hexDigitValue
        else { return nil }
        return UInt8(high * 16 + low)
    }
}
