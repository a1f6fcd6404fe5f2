/// How JSON is written by constrained answers, piece by piece.
enum JSONShapes {
    /// What may stand after a colon and after a comma: a space or nothing. There is no other white space, so that a model cannot
    /// go on with it forever.
    static let space = Expression.text(" ").optional
    static let comma = Expression.sequence([.text(","), space])
    static let colon = Expression.sequence([.text(":"), space])

    /// The characters that stand for themselves in a string.
    static let plain = CharacterSet([0x00...0x1F, 0x22...0x22, 0x5C...0x5C]).inverted

    static let digit = Expression.characters(CharacterSet([0x30...0x39]))
    static let nonzeroDigit = Expression.characters(CharacterSet([0x31...0x39]))

    /// A character of a string: itself or an escape, never half of a surrogate pair.
    static let character: Expression = {
        let hex = Expression.characters(CharacterSet("0123456789abcdefABCDEF"))
        let ordinary = Expression.sequence([
            .characters(CharacterSet("0123456789abcefABCEF")), hex, hex, hex,
        ])
        let belowSurrogates = Expression.sequence([
            .characters(CharacterSet("dD")), .characters(CharacterSet("01234567")), hex, hex,
        ])
        let pair = Expression.sequence([
            .characters(CharacterSet("dD")), .characters(CharacterSet("89abAB")), hex, hex, .text("\\u"),
            .characters(CharacterSet("dD")), .characters(CharacterSet("cdefCDEF")), hex, hex,
        ])
        let escape = Expression.choice([
            .characters(CharacterSet("\"\\/bfnrt")),
            .sequence([.text("u"), .choice([ordinary, belowSurrogates, pair])]),
        ])
        return .choice([.characters(plain), .sequence([.text("\\"), escape])])
    }()

    /// A string of so many characters.
    static func string(least: Int = 0, most: Int? = nil) -> Expression {
        quoted(.repeated(character, least: least, most: most))
    }

    static func quoted(_ content: Expression) -> Expression { .sequence([.text("\""), content, .text("\"")]) }

    /// Digits of a whole number at most: what fits 64 bits.
    static let integerDigits = 18
    /// Digits of a number before the point, and after it: what a double keeps.
    static let numberDigits = 15

    /// A whole number of at most 18 digits, without `-0`.
    static let integer = Expression.choice([
        .text("0"), .sequence([.text("-").optional, nonzero(digits: integerDigits)]),
    ])

    /// A number of at most 15 digits before the point, 15 after it, and an exponent of at most two.
    static let number: Expression = {
        let exponent = Expression.sequence([
            .characters(CharacterSet("eE")), Expression.characters(CharacterSet("+-")).optional,
            .repeated(digit, least: 1, most: 2),
        ])
        return .sequence([
            .text("-").optional, .choice([.text("0"), nonzero(digits: numberDigits)]), fraction.optional,
            exponent.optional,
        ])
    }()

    /// A point and 1 to 15 digits.
    static let fraction = Expression.sequence([.text("."), .repeated(digit, least: 1, most: numberDigits)])

    private static func nonzero(digits: Int) -> Expression {
        .sequence([nonzeroDigit, .repeated(digit, least: 0, most: digits - 1)])
    }

    /// The rules of any value: the value itself, an object, an array, a string, a number; numbered from `first`.
    static func valueRules(from first: Int) -> [Rule] {
        let (value, object, array, string) = (first, first + 1, first + 2, first + 3)
        let member = Expression.sequence([.rule(string), colon, .rule(value)])
        return [
            Rule(
                name: "value",
                expression: .choice([
                    .rule(object), .rule(array), .rule(string), .rule(first + 4), .text("true"), .text("false"),
                    .text("null"),
                ])),
            Rule(name: "object", expression: .sequence([.text("{"), list(member), .text("}")])),
            Rule(name: "array", expression: .sequence([.text("["), list(.rule(value)), .text("]")])),
            Rule(name: "string", expression: JSONShapes.string()),
            Rule(name: "number", expression: number),
        ]
    }

    /// `part`s with commas between them, so many.
    static func list(_ part: Expression, least: Int = 0, most: Int? = nil) -> Expression {
        if let most, most < max(least, 0) { return .choice([]) }
        if most == 0 { return .empty }
        let rest = Expression.repeated(
            .sequence([comma, part]), least: max(least - 1, 0), most: most.map { $0 - 1 })
        let some = Expression.sequence([part, rest])
        return least == 0 ? some.optional : some
    }
}
