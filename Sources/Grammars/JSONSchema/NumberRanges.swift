import ModelFiles

/// Texts of numbers within bounds.
enum NumberRanges {
    /// Whole numbers from `least` to `most`, both of at most 18 digits.
    static func integers(_ least: Int64, _ most: Int64) -> Expression {
        guard least <= most else { return .choice([]) }
        var parts: [Expression] = []
        if most >= 0 { parts.append(naturals(max(least, 0), most)) }
        if least < 0 { parts.append(.sequence([.text("-"), naturals(max(-most, 1), -least)])) }
        return parts.count == 1 ? parts[0] : .choice(parts)
    }

    /// Whole numbers without a sign.
    static func naturals(_ least: Int64, _ most: Int64) -> Expression {
        guard least <= most else { return .choice([]) }
        var parts: [Expression] = []
        // One length of digits at a time: within one, texts are in the order of their numbers.
        var low = least
        while low <= most {
            let count = digits(low).count
            let last = [UInt8](repeating: 9, count: count).reduce(Int64(0)) { $0 * 10 + Int64($1) }
            let high = min(most, last)
            parts.append(sameLength(digits(low)[...], digits(high)[...]))
            low = high + 1
        }
        return parts.count == 1 ? parts[0] : .choice(parts)
    }

    static func digits(_ number: Int64) -> [UInt8] { "\(number)".utf8.map { $0 - 0x30 } }

    static func digit(_ range: ClosedRange<UInt8>) -> Expression {
        .characters(CharacterSet([(UInt32(range.lowerBound) + 0x30)...(UInt32(range.upperBound) + 0x30)]))
    }

    private static func sameLength(_ low: ArraySlice<UInt8>, _ high: ArraySlice<UInt8>) -> Expression {
        guard let first = low.first, let last = high.first else { return .empty }
        if low.allSatisfy({ $0 == 0 }), high.allSatisfy({ $0 == 9 }) {
            return .repeated(JSONShapes.digit, least: low.count, most: low.count)
        }
        if first == last {
            return .sequence([digit(first...first), sameLength(low.dropFirst(), high.dropFirst())])
        }
        let rest = low.count - 1
        let (zeros, nines) = ([UInt8](repeating: 0, count: rest), [UInt8](repeating: 9, count: rest))
        var parts = [
            Expression.sequence([digit(first...first), sameLength(low.dropFirst(), nines[...])]),
            .sequence([digit(last...last), sameLength(zeros[...], high.dropFirst())]),
        ]
        if first + 1 < last {
            let any = Expression.repeated(JSONShapes.digit, least: rest, most: rest)
            parts.append(.sequence([digit((first + 1)...(last - 1)), any]))
        }
        return .choice(parts)
    }

    /// An end of a range: digits, and whether the number itself is out.
    struct End {
        var number: DecimalNumber
        var isExclusive: Bool
    }

    /// Numbers without exponent between two ends, nil being none; nil when an end has too many digits.
    static func numbers(_ least: End?, _ most: End?) -> Expression? {
        var parts: [Expression] = []
        let zero = DecimalNumber(.integer(0))
        guard let zero else { return nil }
        // From zero up.
        if most.map({ !$0.number.isNegative }) ?? true {
            let low = least.flatMap { $0.number.isNegative ? nil : $0 } ?? End(number: zero, isExclusive: false)
            guard let part = magnitudes(low, most) else { return nil }
            parts.append(part)
        }
        // Below zero, as a minus sign and what is then from beyond zero up.
        if least.map({ $0.number.isNegative }) ?? true {
            let low = most.flatMap { $0.number.isNegative ? $0 : nil } ?? End(number: zero, isExclusive: true)
            guard let part = magnitudes(low, least) else { return nil }
            parts.append(.sequence([.text("-"), part]))
        }
        return parts.count == 1 ? parts[0] : .choice(parts)
    }

    /// The same without signs.
    private static func magnitudes(_ least: End, _ most: End?) -> Expression? {
        let limit: Int64 = 999_999_999_999_999
        guard let low = least.number.wholeNumber, low <= limit else { return nil }
        let top = most.flatMap { end in end.number.wholeNumber.flatMap { $0 <= limit ? ($0, end) : nil } }
        if let top, top.0 == low {
            return part(low, least, top.1)
        }
        guard top?.0 ?? limit >= low else { return .choice([]) }
        var parts = [part(low, least, nil)]
        let between = (low + 1, (top?.0).map { $0 - 1 } ?? limit)
        if between.0 <= between.1 {
            parts.append(.sequence([naturals(between.0, between.1), JSONShapes.fraction.optional]))
        }
        if let top { parts.append(part(top.0, nil, top.1)) }
        return .choice(parts)
    }

    /// Numbers that begin with `whole`, with fractions between two ends.
    private static func part(_ whole: Int64, _ least: End?, _ most: End?) -> Expression {
        let (low, high) = (least?.number.fraction, most?.number.fraction)
        let fractions = FractionRange(
            isLowExclusive: least?.isExclusive ?? false, isHighExclusive: most?.isExclusive ?? false)
        // Within 15 digits in all, different texts are different doubles, which exclusive ends rely on.
        var room = max(1, JSONShapes.numberDigits - digits(whole).count)
        if !fractions.isLowExclusive, !fractions.isHighExclusive { room = max(room, low?.count ?? 0, high?.count ?? 0) }
        var parts: [Expression] = []
        if fractions.mayEnd(low?[...], high?[...]) { parts.append(.empty) }
        parts.append(.sequence([.text("."), fractions.digits(low?[...], high?[...], room: room, mustGoOn: true)]))
        return .sequence([.text("\(whole)"), .choice(parts)])
    }
}

/// Digits after the point between two rows of such digits.
struct FractionRange {
    var isLowExclusive: Bool
    var isHighExclusive: Bool

    /// Whether the digits so far are enough. `low` and `high` are what is left of the ends that all digits so far were
    /// equal to; nil for an end that is behind.
    func mayEnd(_ low: ArraySlice<UInt8>?, _ high: ArraySlice<UInt8>?) -> Bool {
        let isAbove = low.map { $0.isEmpty && !isLowExclusive } ?? true
        let isBelow = high.map { !$0.isEmpty || !isHighExclusive } ?? true
        return isAbove && isBelow
    }

    /// The digits that may follow, at most `room`.
    func digits(
        _ low: ArraySlice<UInt8>?, _ high: ArraySlice<UInt8>?, room: Int, mustGoOn: Bool = false
    ) -> Expression {
        if low == nil, high == nil { return .repeated(JSONShapes.digit, least: mustGoOn ? 1 : 0, most: room) }
        var parts: [Expression] = []
        if !mustGoOn, mayEnd(low, high) { parts.append(.empty) }
        // Nothing but zeros could follow an end that is used up: they say nothing.
        if room > 0, !(high?.isEmpty ?? false) {
            let first = low.map { $0.first ?? 0 } ?? 0
            let last = high.map { $0.first ?? 0 } ?? 9
            if first <= last {
                for digit in Set([first, last]) {
                    let rest = digits(
                        digit == first ? low?.dropFirst() : nil, digit == last ? high?.dropFirst() : nil, room: room - 1
                    )
                    parts.append(.sequence([NumberRanges.digit(digit...digit), rest]))
                }
                if first + 1 < last {
                    parts.append(
                        .sequence([
                            NumberRanges.digit((first + 1)...(last - 1)),
                            .repeated(JSONShapes.digit, least: 0, most: room - 1),
                        ]))
                }
            }
        }
        return .choice(parts)
    }
}
