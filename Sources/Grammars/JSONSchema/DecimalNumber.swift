import ModelFiles

/// A number as the digits it is written with, to compare texts of numbers with.
struct DecimalNumber {
    var isNegative: Bool
    /// Digits before the point, without leading zeros; empty for none but zero.
    var whole: [UInt8]
    /// Digits after the point, without trailing zeros.
    var fraction: [UInt8]

    /// The longest of either; longer numbers are nil.
    private static let longest = 40

    /// The shortest digits that stand for `value`; nil for what is no number, or too long.
    init?(_ value: JSONValue) {
        switch value {
        case .integer(let number): self.init(text: "\(number)")
        case .number(let number): self.init(text: "\(number)")
        default: return nil
        }
    }

    private init?(text: String) {
        var digits: [UInt8] = []
        var point: Int?
        var exponent = 0
        var rest = text.utf8[...]
        isNegative = rest.first == 0x2D
        if isNegative { rest.removeFirst() }
        while let byte = rest.popFirst() {
            switch byte {
            case 0x30...0x39: digits.append(byte - 0x30)
            case 0x2E: point = digits.count
            case 0x65, 0x45:
                guard let value = Int(String(decoding: rest, as: UTF8.self)) else { return nil }
                exponent = value
                rest = rest.suffix(0)
            default: return nil
            }
        }
        let position = (point ?? digits.count) + exponent
        guard abs(position) <= Self.longest, digits.count <= Self.longest else { return nil }
        if position < 0 { digits = [UInt8](repeating: 0, count: -position) + digits }
        let before = max(position, 0)
        if digits.count < before { digits += [UInt8](repeating: 0, count: before - digits.count) }
        whole = Array(digits[..<before].drop { $0 == 0 })
        fraction = Array(digits[before...])
        while fraction.last == 0 { fraction.removeLast() }
        if whole.isEmpty, fraction.isEmpty { isNegative = false }
    }

    /// The digits before the point as a number; nil when they are too many.
    var wholeNumber: Int64? {
        guard whole.count <= JSONShapes.integerDigits else { return nil }
        return whole.reduce(0) { $0 * 10 + Int64($1) }
    }
}
