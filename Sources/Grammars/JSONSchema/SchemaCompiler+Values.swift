import ModelFiles

extension SchemaCompiler {
    /// One of `values`, those left out that the rest of the schema does not allow.
    mutating func choice(of values: [JSONValue], _ shape: SchemaShape) throws(GrammarError) -> Expression {
        var parts: [Expression] = []
        for value in values where try allows(value, shape) {
            parts.append(try JSONText.literal(value, path: shape.path))
        }
        return .choice(parts)
    }

    private mutating func allows(_ value: JSONValue, _ shape: SchemaShape) throws(GrammarError) -> Bool {
        guard shape.kinds?.isSuperset(of: JSONKinds(of: value)) ?? true else { return false }
        switch value {
        case .null, .bool: return true
        case .integer, .number:
            let number = NumberBound(value: value, isExclusive: false).double
            if let bound = shape.minimum, bound.isExclusive ? number <= bound.double : number < bound.double {
                return false
            }
            if let bound = shape.maximum, bound.isExclusive ? number >= bound.double : number > bound.double {
                return false
            }
            guard let multiple = shape.multiple else { return true }
            guard let whole = Int64(exactly: number) else { return false }
            return whole % multiple == 0
        case .string(let text):
            let count = text.unicodeScalars.count
            guard count >= shape.minimumLength, count <= shape.maximumLength ?? .max else { return false }
            guard !shape.patterns.isEmpty || !shape.formats.isEmpty else { return true }
            var plain = shape
            plain.minimumLength = 0
            plain.maximumLength = nil
            let expression = try string(plain)
            var matcher = try Matcher(Grammar(rules: [Rule(name: "pattern", expression: expression)], root: 0))
            return try matcher.matches(JSONText.quoted(text))
        case .array, .object:
            let isPlain =
                shape.properties.isEmpty && shape.required.isEmpty && shape.additional == nil && shape.prefix.isEmpty
                && shape.rest == nil && shape.minimumProperties == 0 && shape.maximumProperties == nil
                && shape.minimumItems == 0 && shape.maximumItems == nil && !shape.hasUniqueItems
            guard isPlain else {
                throw .unsupportedKeyword(
                    "enum", reason: "a list of objects or arrays beside other keywords for them", path: shape.path)
            }
            return true
        }
    }
}
