#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Floating-point numbers as Python writes and reads them.
enum FloatText {
    static func power(_ x: Double, _ y: Double) -> Double { pow(x, y) }

    /// Python's `repr` of a float: the shortest digits that read back the same, with an exponent outside 1e-4 ..< 1e16.
    static func represented(_ value: Double) -> String {
        if value.isNaN { return "nan" }
        if value.isInfinite { return value < 0 ? "-inf" : "inf" }
        let sign = value.sign == .minus ? "-" : ""
        if value == 0 { return sign + "0.0" }
        let (digits, point) = shortest(value.magnitude)
        var text: String
        if point > 16 || point < -3 {
            text = String(digits[0])
            if digits.count > 1 { text += "." + String(digits[1...]) }
            let exponent = point - 1
            text += exponent < 0 ? "e-" : "e+"
            text += exponent.magnitude < 10 ? "0\(exponent.magnitude)" : "\(exponent.magnitude)"
        } else if point <= 0 {
            text = "0." + String(repeating: "0", count: -point) + String(digits)
        } else if digits.count <= point {
            text = String(digits) + String(repeating: "0", count: point - digits.count) + ".0"
        } else {
            text = String(digits[..<point]) + "." + String(digits[point...])
        }
        return sign + text
    }

    /// The shortest digits of a positive number and where the decimal point stands among them.
    private static func shortest(_ value: Double) -> ([Character], Int) {
        // Swift's description has the same digits as Python's; only the layout differs.
        var digits: [Character] = []
        var point: Int?
        var exponent = 0
        let parts = "\(value)".split(separator: "e")
        if parts.count == 2 { exponent = Int(parts[1]) ?? 0 }
        for character in parts[0] {
            if character == "." { point = digits.count } else { digits.append(character) }
        }
        var place = (point ?? digits.count) + exponent
        while digits.count > 1, digits[0] == "0" {
            digits.removeFirst()
            place -= 1
        }
        while digits.count > 1, digits[digits.count - 1] == "0" { digits.removeLast() }
        return (digits, place)
    }

    /// C's `printf` with one float; `style` is one of `f F e E g G`, `precision` at most 100.
    static func printed(_ value: Double, style: Character, precision: Int, alternate: Bool = false) -> String {
        let format = "%\(alternate ? "#" : "").\(min(max(precision, 0), 100))\(style)"
        // The widest float has 309 digits before the point.
        var buffer = [CChar](repeating: 0, count: 512)
        let count = withVaList([value]) { vsnprintf(&buffer, buffer.count, format, $0) }
        return String(
            decoding: buffer.prefix(max(0, min(Int(count), 511))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Python's `round(value, places)`: to the nearest decimal, ties by the exact value.
    static func rounded(_ value: Double, places: Int) -> Double {
        guard value.isFinite else { return value }
        if places > 100 || places > 323 { return value }
        if places >= 0 { return Double(printed(value, style: "f", precision: places)) ?? value }
        if places < -308 { return value < 0 ? -0.0 : 0 }
        let scale = pow(10, Double(-places))
        return (value / scale).rounded(.toNearestOrEven) * scale
    }

    /// Python's `float(text)`; nil when the text is not a number.
    static func parsed(_ text: Text) -> Double? {
        var word = text.trimmed().string
        guard !word.isEmpty, word.utf8.count < 10_000 else { return nil }
        let unsigned = word.hasPrefix("+") || word.hasPrefix("-") ? String(word.dropFirst()) : word
        switch unsigned.lowercased() {
        case "inf", "infinity", "nan": return Double(word.lowercased())
        default: break
        }
        var previous: UInt8 = 0
        for byte in unsigned.utf8 {
            let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            let wasDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(previous)
            switch byte {
            case UInt8(ascii: "_"): guard wasDigit else { return nil }
            case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "+"), UInt8(ascii: "-"):
                guard previous != UInt8(ascii: "_") else { return nil }
            default: guard isDigit else { return nil }
            }
            previous = byte
        }
        guard previous != UInt8(ascii: "_") else { return nil }
        word.removeAll { $0 == "_" }
        return Double(word) ?? Double(word.hasSuffix(".") ? word + "0" : word)
    }

    /// Python's `int(text, base)`; nil when the text is not a number of that base or too long for 64 bits.
    static func integer(_ text: Text, base: Int) -> (value: Int?, isNumber: Bool) {
        var word = Substring(text.trimmed().string)
        guard word.utf8.count < 10_000 else { return (nil, false) }
        let isNegative = word.hasPrefix("-")
        if isNegative || word.hasPrefix("+") { word = word.dropFirst() }
        var radix = base
        let prefix = word.prefix(2).lowercased()
        for (spelling, value) in [("0x", 16), ("0o", 8), ("0b", 2)] where prefix == spelling {
            if base == value || base == 0 {
                radix = value
                word = word.dropFirst(2)
                if word.hasPrefix("_") { word = word.dropFirst() }
            }
        }
        if radix == 0 { radix = 10 }
        var digits = ""
        var previous: Character = "_"
        for character in word {
            if character == "_" {
                if previous == "_" { return (nil, false) }
            } else {
                guard character.isASCII, let digit = character.hexDigitOrLetter, digit < radix else {
                    return (nil, false)
                }
                digits.append(character)
            }
            previous = character
        }
        guard !digits.isEmpty, previous != "_" else { return (nil, false) }
        return (Int((isNegative ? "-" : "") + digits, radix: radix), true)
    }
}

extension Character {
    /// The value of a digit in bases up to 36.
    fileprivate var hexDigitOrLetter: Int? { Int(String(self), radix: 36) }
}
