import ModelFiles

extension SchemaCompiler {
    /// Adds the keywords of arrays, of 2020-12 (`prefixItems`, `items`) and of earlier drafts (a list in `items`,
    /// `additionalItems`).
    func applyArray(
        _ object: JSONObject, _ schema: Subschema, to shape: inout SchemaShape
    ) throws(GrammarError) {
        var prefix: [Subschema] = []
        var rest: Subschema?
        if let value = object["prefixItems"] {
            guard case .array(let parts) = value else {
                throw .invalidSchema("\"prefixItems\" is no list", path: schema.path)
            }
            prefix = parts.enumerated().map { schema.child($1, "prefixItems", "\($0)") }
        }
        if case .array(let parts)? = object["items"] {
            guard prefix.isEmpty else {
                throw .invalidSchema("\"items\" is a list beside \"prefixItems\"", path: schema.path)
            }
            prefix = parts.enumerated().map { schema.child($1, "items", "\($0)") }
            rest = object["additionalItems"].map { schema.child($0, "additionalItems") }
        } else if let value = object["items"] {
            rest = schema.child(value, "items")
        }
        if !prefix.isEmpty || rest != nil {
            // What one schema calls the rest may be an element with its own schema in the other.
            let known = shape.prefix
            shape.prefix = (0..<max(known.count, prefix.count)).map { index in
                (index < known.count ? known[index] : shape.rest ?? [])
                    + (index < prefix.count ? [prefix[index]] : rest.map { [$0] } ?? [])
            }
            if let rest { shape.rest = (shape.rest ?? []) + [rest] }
        }
        if let value = object["minItems"] {
            shape.minimumItems = max(shape.minimumItems, try Self.count(value, "minItems", schema))
        }
        if let value = object["maxItems"] {
            shape.maximumItems = min(shape.maximumItems ?? .max, try Self.count(value, "maxItems", schema))
        }
        if let value = object["uniqueItems"] {
            guard case .bool(let flag) = value else {
                throw .invalidSchema("\"uniqueItems\" is no boolean", path: schema.path)
            }
            shape.hasUniqueItems = shape.hasUniqueItems || flag
        }
    }

    /// An array: elements with schemas of their own, then the rest.
    mutating func array(_ shape: SchemaShape) throws(GrammarError) -> Expression {
        let (least, most) = (shape.minimumItems, shape.maximumItems)
        guard most ?? .max >= least else { return .choice([]) }
        for count in [least, most ?? 0] where count > GrammarLimits.repetition {
            throw .repetitionTooLarge(limit: GrammarLimits.repetition, line: 0, column: 0)
        }
        guard !shape.hasUniqueItems || most.map({ $0 <= 1 }) ?? false else {
            throw .unsupportedKeyword(
                "uniqueItems", reason: "elements cannot be kept from coming twice", path: shape.path)
        }
        let prefix = Array(shape.prefix.prefix(most ?? .max))
        guard !prefix.isEmpty else {
            let element = try reference(shape.rest ?? [])
            return .sequence([.text("["), JSONShapes.list(element, least: least, most: most), .text("]")])
        }
        // Beyond the elements with a schema of their own: none, unless the schema asks for them.
        var tail = Expression.empty
        if shape.rest != nil || least > prefix.count {
            tail = .repeated(
                .sequence([JSONShapes.comma, try reference(shape.rest ?? [])]),
                least: max(least - prefix.count, 0), most: most.map { $0 - prefix.count })
        }
        for (index, schemas) in prefix.enumerated().reversed() {
            let element = try reference(schemas)
            let part = Expression.sequence(index == 0 ? [element, tail] : [JSONShapes.comma, element, tail])
            tail = .rule(try add("element \(index)", index >= least ? part.optional : part))
        }
        return .sequence([.text("["), tail, .text("]")])
    }
}
