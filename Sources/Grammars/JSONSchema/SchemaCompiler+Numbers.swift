import ModelFiles

extension SchemaCompiler {
    /// The most that `multipleOf` may ask for: there is a state for each remainder.
    private static let largestMultiple: Int64 = 256

    /// Adds a keyword of numbers.
    func applyNumber(
        _ key: String, _ value: JSONValue, _ object: JSONObject, _ schema: Subschema, to shape: inout SchemaShape
    ) throws(GrammarError) {
        // Draft 4 has a boolean beside `minimum` and `maximum`.
        if case .bool = value, key.hasPrefix("exclusive") { return }
        switch value {
        case .integer, .number: break
        default: throw .invalidSchema("\"\(key)\" is no number", path: schema.path)
        }
        switch key {
        case "minimum":
            shape.raiseMinimum(NumberBound(value: value, isExclusive: object["exclusiveMinimum"] == .bool(true)))
        case "maximum":
            shape.lowerMaximum(NumberBound(value: value, isExclusive: object["exclusiveMaximum"] == .bool(true)))
        case "exclusiveMinimum": shape.raiseMinimum(NumberBound(value: value, isExclusive: true))
        case "exclusiveMaximum": shape.lowerMaximum(NumberBound(value: value, isExclusive: true))
        default:
            let multiple = Int64(exactly: NumberBound(value: value, isExclusive: false).double)
            guard let multiple, (1...Self.largestMultiple).contains(multiple) else {
                throw .unsupportedKeyword(
                    key, reason: "honoured for whole numbers from 1 to \(Self.largestMultiple)", path: schema.path)
            }
            let known = shape.multiple ?? 1
            let common = known / Self.greatestDivisor(known, multiple) * multiple
            guard common <= Self.largestMultiple else {
                throw .unsupportedKeyword(key, reason: "honoured up to \(Self.largestMultiple)", path: schema.path)
            }
            shape.multiple = common
        }
    }

    /// A number; a whole one, written without point and exponent, where the schema asks for that.
    mutating func number(_ shape: SchemaShape, isWhole: Bool) throws(GrammarError) -> Expression {
        if let multiple = shape.multiple, multiple > 1 || !isWhole { return try multiples(of: multiple, shape) }
        guard shape.minimum != nil || shape.maximum != nil else {
            return isWhole ? JSONShapes.integer : JSONShapes.number
        }
        if isWhole {
            let (least, most) = try Self.wholeBounds(shape)
            return NumberRanges.integers(least, most)
        }
        let ends = [shape.minimum, shape.maximum].map { bound in
            bound.map { bound in
                DecimalNumber(bound.value).map { NumberRanges.End(number: $0, isExclusive: bound.isExclusive) }
            }
        }
        guard !ends.contains(where: { $0.map { $0 == nil } ?? false }),
            let expression = NumberRanges.numbers(ends[0] ?? nil, ends[1] ?? nil)
        else {
            throw .unsupportedKeyword(
                shape.minimum == nil ? "maximum" : "minimum",
                reason: "bounds are honoured up to \(JSONShapes.numberDigits) digits before the point", path: shape.path
            )
        }
        return expression
    }

    /// The smallest and the largest whole number allowed, within 18 digits.
    private static func wholeBounds(_ shape: SchemaShape) throws(GrammarError) -> (least: Int64, most: Int64) {
        let limit: Int64 = 999_999_999_999_999_999
        func bound(_ bound: NumberBound?, isLower: Bool) -> Int64 {
            guard let bound else { return isLower ? -limit : limit }
            var whole: Int64
            var isExact = true
            switch bound.value {
            // Beyond the limit is enough to know, and one more or less cannot overflow then.
            case .integer(let number): whole = max(min(number, 2 * limit), -2 * limit)
            default:
                let rounded = bound.double.rounded(isLower ? .up : .down)
                isExact = rounded == bound.double
                // Beyond the limit on either side nothing is left, or nothing is cut.
                whole = Int64(exactly: max(min(rounded, 2e18), -2e18)) ?? 0
            }
            if bound.isExclusive, isExact { whole += isLower ? 1 : -1 }
            return isLower ? max(whole, -limit) : min(whole, limit)
        }
        let (least, most) = (bound(shape.minimum, isLower: true), bound(shape.maximum, isLower: false))
        guard least <= limit, most >= -limit else {
            throw .unsupportedKeyword(
                least > limit ? "minimum" : "maximum", reason: "whole numbers have at most 18 digits", path: shape.path)
        }
        return (least, most)
    }

    /// Whole numbers that `multiple` divides.
    private mutating func multiples(of multiple: Int64, _ shape: SchemaShape) throws(GrammarError) -> Expression {
        let (least, most) = try Self.wholeBounds(shape)
        guard least <= most else { return .choice([]) }
        // A few are listed.
        let (first, last) = (Self.quotient(least, multiple, up: true), Self.quotient(most, multiple, up: false))
        if first > last { return .choice([]) }
        if last - first < 1000 { return .choice((first...last).map { .text("\($0 * multiple)") }) }
        guard shape.maximum == nil, shape.minimum == nil || (0...1).contains(least) else {
            throw .unsupportedKeyword(
                "multipleOf", reason: "with bounds it is honoured for at most 1000 numbers, or from 0 or 1 up",
                path: shape.path)
        }
        // A rule for each remainder and number of digits that may still come.
        var following: [Int] = []
        for left in 0...(JSONShapes.numberDigits - 1) {
            let start = rules.count
            for remainder in 0..<multiple {
                var parts: [Expression] = remainder == 0 ? [.empty] : []
                if left > 0 {
                    for digit in 0..<Int64(10) {
                        let next = following[Int((remainder * 10 + digit) % multiple)]
                        parts.append(.sequence([.text("\(digit)"), .rule(next)]))
                    }
                }
                _ = try add("a multiple of \(multiple)", .choice(parts))
            }
            following = Array(start..<(start + Int(multiple)))
        }
        let positive = Expression.choice(
            (1...9).map { .sequence([.text("\($0)"), .rule(following[Int(Int64($0) % multiple)])]) })
        switch least {
        case 1: return positive
        case 0: return .choice([.text("0"), positive])
        default: return .choice([.text("0"), .sequence([.text("-").optional, positive])])
        }
    }

    private static func quotient(_ number: Int64, _ divisor: Int64, up: Bool) -> Int64 {
        let quotient = number / divisor
        guard number % divisor != 0 else { return quotient }
        return up ? (number > 0 ? quotient + 1 : quotient) : (number < 0 ? quotient - 1 : quotient)
    }

    private static func greatestDivisor(_ left: Int64, _ right: Int64) -> Int64 {
        right == 0 ? left : greatestDivisor(right, left % right)
    }
}

extension SchemaShape {
    /// Takes the larger of two smallest numbers.
    mutating func raiseMinimum(_ bound: NumberBound) {
        guard let known = minimum else { return minimum = bound }
        if bound.double > known.double || (bound.double == known.double && bound.isExclusive) { minimum = bound }
    }

    /// Takes the smaller of two largest numbers.
    mutating func lowerMaximum(_ bound: NumberBound) {
        guard let known = maximum else { return maximum = bound }
        if bound.double < known.double || (bound.double == known.double && bound.isExclusive) { maximum = bound }
    }
}
