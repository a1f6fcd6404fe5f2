import ModelFiles

/// JSON as a constrained answer writes it: the one spelling that patterns, constants and names are given.
enum JSONText {
    /// A character within a string.
    static func escaped(_ scalar: UInt32) -> [UInt8] {
        switch scalar {
        case 0x22: return Array(#"\""#.utf8)
        case 0x5C: return Array(#"\\"#.utf8)
        case 0x08: return Array(#"\b"#.utf8)
        case 0x0C: return Array(#"\f"#.utf8)
        case 0x0A: return Array(#"\n"#.utf8)
        case 0x0D: return Array(#"\r"#.utf8)
        case 0x09: return Array(#"\t"#.utf8)
        case 0..<0x20:
            let digits = Array("0123456789abcdef".utf8)
            return Array(#"\u00"#.utf8) + [digits[Int(scalar >> 4)], digits[Int(scalar & 15)]]
        default:
            return Unicode.Scalar(scalar).map { Array(String(Character($0)).utf8) } ?? []
        }
    }

    /// The inside of the string `text`.
    static func escaped(_ text: String) -> [UInt8] { text.unicodeScalars.flatMap { escaped($0.value) } }

    /// The string `text`, with its quotes.
    static func quoted(_ text: String) -> [UInt8] { [0x22] + escaped(text) + [0x22] }

    /// A value that is fixed: as it is, with a space or none after colons and commas.
    /// - Throws: ``GrammarError`` for one nested too deeply.
    static func literal(_ value: JSONValue, path: String, depth: Int = 0) throws(GrammarError) -> Expression {
        guard depth < GrammarLimits.nesting / 2 else {
            throw .unsupportedKeyword(
                "enum", reason: "a value nested more than \(GrammarLimits.nesting / 2) levels deep", path: path)
        }
        switch value {
        case .null: return .text("null")
        case .bool(let flag): return .text(flag ? "true" : "false")
        case .integer(let number): return .text("\(number)")
        case .number(let number):
            guard number.isFinite else { throw .invalidSchema("a number that is not finite", path: path) }
            return .text("\(number)")
        case .string(let text): return .text(quoted(text))
        case .array(let values):
            var parts: [Expression] = [.text("[")]
            for (index, element) in values.enumerated() {
                if index > 0 { parts.append(JSONShapes.comma) }
                parts.append(try literal(element, path: path, depth: depth + 1))
            }
            return .sequence(parts + [.text("]")])
        case .object(let object):
            var parts: [Expression] = [.text("{")]
            for (index, member) in object.members.enumerated() {
                if index > 0 { parts.append(JSONShapes.comma) }
                parts.append(.text(quoted(member.key)))
                parts.append(JSONShapes.colon)
                parts.append(try literal(member.value, path: path, depth: depth + 1))
            }
            return .sequence(parts + [.text("}")])
        }
    }

    /// An expression over characters as one over the inside of a JSON string.
    static func escaped(_ expression: Expression) -> Expression {
        switch expression {
        case .text(let bytes): return .text(escaped(String(decoding: bytes, as: UTF8.self)))
        case .characters(let set):
            let special = set.subtracting(JSONShapes.plain).ranges.flatMap { Array($0) }
            let plain = set.intersection(JSONShapes.plain)
            guard !special.isEmpty else { return expression }
            return .choice((plain.isEmpty ? [] : [.characters(plain)]) + special.map { .text(escaped($0)) })
        case .rule: return expression
        case .sequence(let parts): return .sequence(parts.map(escaped))
        case .choice(let parts): return .choice(parts.map(escaped))
        case .repeated(let part, let least, let most): return .repeated(escaped(part), least: least, most: most)
        }
    }
}
