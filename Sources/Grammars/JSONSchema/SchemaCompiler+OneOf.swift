import ModelFiles

extension SchemaCompiler {
    /// `oneOf` is honoured where no value can match two alternatives, for then it is `anyOf`.
    ///
    /// Shown by kinds, by fixed values, or by a property with fixed values that one of the two requires (a discriminator).
    mutating func checkDisjoint(_ parts: [Subschema], _ schema: Subschema) throws(GrammarError) {
        guard disjoint.insert(schema.path).inserted else { return }
        var shapes: [[SchemaShape]] = []
        for part in parts { shapes.append(try self.shapes([part])) }
        for first in parts.indices {
            for second in parts.indices where second > first {
                for left in shapes[first] {
                    for right in shapes[second] where try !isDisjoint(left, right) {
                        throw .unsupportedKeyword(
                            "oneOf",
                            reason: "alternatives \(first) and \(second) may both match; use anyOf, or a property "
                                + "with a const that tells them apart", path: schema.path)
                    }
                }
            }
        }
    }

    private mutating func isDisjoint(_ left: SchemaShape, _ right: SchemaShape) throws(GrammarError) -> Bool {
        let kinds = (Self.kinds(left), Self.kinds(right))
        if kinds.0.isDisjoint(with: kinds.1) { return true }
        if let leftValues = left.values, let rightValues = right.values {
            return !leftValues.contains { value in rightValues.contains { $0.isSame(as: value) } }
        }
        // From here on only objects are told apart.
        guard Self.isObject(left), Self.isObject(right) else { return false }
        for property in left.properties {
            guard left.required.contains(property.name) || right.required.contains(property.name),
                let other = right.properties.first(where: { $0.name == property.name }),
                let values = try values(property.schemas), let otherValues = try self.values(other.schemas)
            else { continue }
            if !values.contains(where: { value in otherValues.contains { $0.isSame(as: value) } }) { return true }
        }
        return false
    }

    /// The kinds a value of this shape can have in truth.
    private static func kinds(_ shape: SchemaShape) -> JSONKinds {
        var kinds = shape.kinds ?? .all
        if let values = shape.values {
            var own: JSONKinds = []
            for value in values { own.formUnion(JSONKinds(of: value)) }
            kinds.formIntersection(own)
        }
        return kinds
    }

    /// Whether the values that the grammar will have for this shape are objects.
    private static func isObject(_ shape: SchemaShape) -> Bool {
        shape.values == nil && (shape.kinds ?? (shape.mentioned.isEmpty ? .all : shape.mentioned)) == .object
    }

    /// The only values that satisfy `schemas`; nil when they are not listed.
    private mutating func values(_ schemas: [Subschema]) throws(GrammarError) -> [JSONValue]? {
        var all: [JSONValue] = []
        for shape in try shapes(schemas) {
            guard let values = shape.values else { return nil }
            all += values
        }
        return all
    }
}
