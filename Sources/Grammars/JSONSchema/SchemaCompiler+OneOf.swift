import ModelFiles

extension SchemaCompiler {
    /// `oneOf` is honoured where no value can match two alternatives, for then it is `anyOf`.
    ///
    /// Shown by kinds, by fixed values, or by a property with fixed values that one of the two requires (a discriminator).
    mutating func checkDisjoint(_ parts: [Subschema], _ schema: Subschema) throws(GrammarError) {
        guard disjoint.insert(schema.path).inserted else { return }
        var shapes: [[SchemaShape]] = []
        for part in parts { shapes.append(try self.shapes([part])) }
        let sides = shapes.map { $0.map(Alternative.init) }
        for first in parts.indices {
            for second in parts.indices where second > first {
                for left in sides[first] {
                    for right in sides[second] where try !isDisjoint(left, right) {
                        throw .unsupportedKeyword(
                            "oneOf",
                            reason: "alternatives \(first) and \(second) may both match; use anyOf, or a property "
                                + "with a const that tells them apart", path: schema.path)
                    }
                }
            }
        }
    }

    /// An alternative made ready to be compared with many others.
    private struct Alternative {
        let shape: SchemaShape
        /// The kinds its values can have in truth.
        let kinds: JSONKinds
        /// Where its properties are; empty for what is no object.
        let places: [String: Int]

        init(_ shape: SchemaShape) {
            self.shape = shape
            kinds = SchemaCompiler.kinds(shape)
            var places: [String: Int] = [:]
            if SchemaCompiler.isObject(shape) {
                for (index, property) in shape.properties.enumerated() { places[property.name] = index }
            }
            self.places = places
        }
    }

    private mutating func isDisjoint(_ one: Alternative, _ other: Alternative) throws(GrammarError) -> Bool {
        try budget.compare(size: 0)
        if one.kinds.isDisjoint(with: other.kinds) { return true }
        let (left, right) = (one.shape, other.shape)
        try budget.compare(size: left.valuesSize + right.valuesSize + one.places.count)
        if let leftValues = left.values, let rightValues = right.values {
            return !Self.share(leftValues, rightValues)
        }
        // From here on only objects are told apart.
        guard Self.isObject(left), Self.isObject(right) else { return false }
        for property in left.properties {
            guard left.requiredNames.contains(property.name) || right.requiredNames.contains(property.name),
                let index = other.places[property.name], let values = try values(property.schemas),
                let otherValues = try self.values(right.properties[index].schemas)
            else { continue }
            try budget.compare(size: values.count + otherValues.count)
            if !Self.share(values, otherValues) { return true }
        }
        return false
    }

    /// Whether some value is in both lists.
    private static func share(_ left: [JSONValue], _ right: [JSONValue]) -> Bool {
        if left.count == 1 || right.count == 1 {
            return left.contains { value in right.contains { $0.isSame(as: value) } }
        }
        let known = JSONValueSet(right)
        return left.contains { known.contains($0) }
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
