import ModelFiles

/// Putting schemas together that must hold at once.
extension SchemaCompiler {
    /// Alternatives that one value may have because of `anyOf`, at most.
    private static let mostShapes = 256

    /// What all of `schemas` together ask for: alternatives, one of which must hold.
    mutating func shapes(_ schemas: [Subschema]) throws(GrammarError) -> [SchemaShape] {
        var shapes = [SchemaShape(path: schemas[0].path)]
        for schema in schemas { shapes = try apply(schema, to: shapes, trail: []) }
        return shapes
    }

    /// Adds what `schema` asks for.
    /// - Parameter trail: The places gone through by reference, to notice a circle.
    private mutating func apply(
        _ schema: Subschema, to shapes: [SchemaShape], trail: [String]
    ) throws(GrammarError) -> [SchemaShape] {
        let object: JSONObject
        switch schema.value {
        case .bool(true): return shapes
        case .bool(false): return []
        case .object(let value): object = value
        default: throw .invalidSchema("a schema must be an object or a boolean", path: schema.path)
        }
        guard !trail.contains(schema.path) else {
            throw .invalidSchema("it refers to itself without end", path: schema.path)
        }
        guard trail.count < GrammarLimits.nesting else {
            throw .tooDeep(limit: GrammarLimits.nesting, line: 0, column: 0)
        }
        try Self.checkPlace(schema)
        let size = Self.size(object, at: schema.path)
        try budget.combine()
        for shape in shapes { try budget.combine(size: size + shape.size) }
        let trail = trail + [schema.path]
        var shapes = shapes
        for index in shapes.indices { try applyOwn(object, schema, to: &shapes[index]) }
        // After the schema's own keywords, so that these are the same in every alternative.
        for member in object.members {
            switch member.key {
            case "$ref": shapes = try apply(try resolve(member.value, in: schema), to: shapes, trail: trail)
            case "allOf":
                for part in try subschemas(member.value, member.key, schema) {
                    shapes = try apply(part, to: shapes, trail: trail)
                }
            case "anyOf", "oneOf":
                let parts = try subschemas(member.value, member.key, schema)
                if member.key == "oneOf" { try checkDisjoint(parts, schema) }
                var alternatives: [SchemaShape] = []
                for part in parts {
                    alternatives += try apply(part, to: shapes, trail: trail)
                    guard alternatives.count <= Self.mostShapes else {
                        throw .tooLarge("combined alternatives", limit: Self.mostShapes)
                    }
                }
                shapes = alternatives
            default: break
            }
        }
        return shapes
    }

    /// What the keywords of one schema list, as ``SchemaBudget`` counts it.
    private static func size(_ object: JSONObject, at path: String) -> Int {
        var size = object.count
        for member in object.members where !SchemaKeywords.isIgnored(member.key, at: path) {
            switch (member.key, member.value) {
            case ("enum", let value), ("const", let value): size += value.contentSize
            case (_, .array(let values)): size += values.count
            case (_, .object(let object)): size += object.count
            case (_, .string(let text)): size += text.utf8.count
            default: break
            }
        }
        return size
    }

    /// Adds the keywords of one schema, its references and alternatives aside.
    private func applyOwn(
        _ object: JSONObject, _ schema: Subschema, to shape: inout SchemaShape
    ) throws(GrammarError) {
        for member in object.members {
            let (key, value) = (member.key, member.value)
            switch key {
            case "$ref", "allOf", "anyOf", "oneOf": break
            case "type": try applyType(value, object, schema, to: &shape)
            case "nullable":
                guard case .bool = value else { throw .invalidSchema("\"nullable\" is no boolean", path: schema.path) }
            case "enum":
                guard case .array(let values) = value else {
                    throw .invalidSchema("\"enum\" is no list", path: schema.path)
                }
                guard values.count <= GrammarLimits.rules else {
                    throw .tooLarge("values in \"enum\"", limit: GrammarLimits.rules)
                }
                shape.restrict(to: values)
            case "const": shape.restrict(to: [value])
            case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf":
                shape.mentioned.formUnion(.number)
                try applyNumber(key, value, object, schema, to: &shape)
            case "minLength", "maxLength", "pattern":
                shape.mentioned.formUnion(.string)
                try applyString(key, value, schema, to: &shape)
            case "format": try applyFormat(value, schema, to: &shape)
            case "properties", "required", "additionalProperties", "minProperties", "maxProperties":
                shape.mentioned.formUnion(.object)
            case "items", "prefixItems", "additionalItems", "minItems", "maxItems", "uniqueItems":
                shape.mentioned.formUnion(.array)
            default:
                guard SchemaKeywords.isIgnored(key, at: schema.path) else {
                    throw .unsupportedKeyword(key, reason: SchemaKeywords.reason(key), path: schema.path)
                }
            }
        }
        try applyObject(object, schema, to: &shape)
        try applyArray(object, schema, to: &shape)
    }

    private func applyType(
        _ value: JSONValue, _ object: JSONObject, _ schema: Subschema, to shape: inout SchemaShape
    ) throws(GrammarError) {
        var kinds: JSONKinds = object["nullable"] == .bool(true) ? .null : []
        let names: [JSONValue]
        if case .array(let list) = value { names = list } else { names = [value] }
        for name in names {
            guard case .string(let text) = name else {
                throw .invalidSchema("\"type\" is not a type's name or a list of them", path: schema.path)
            }
            guard let kind = JSONKinds(name: text) else {
                throw .invalidSchema("\"type\": there is no type \"\(text.prefix(40))\"", path: schema.path)
            }
            kinds.formUnion(kind)
        }
        shape.restrict(to: kinds)
    }

    private func applyString(
        _ key: String, _ value: JSONValue, _ schema: Subschema, to shape: inout SchemaShape
    ) throws(GrammarError) {
        switch key {
        case "minLength": shape.minimumLength = max(shape.minimumLength, try Self.count(value, key, schema))
        case "maxLength":
            shape.maximumLength = min(shape.maximumLength ?? .max, try Self.count(value, key, schema))
        default:
            guard case .string(let pattern) = value else {
                throw .invalidSchema("\"pattern\" is no string", path: schema.path)
            }
            if !shape.patterns.contains(pattern) { shape.patterns.append(pattern) }
        }
    }

    private func applyFormat(
        _ value: JSONValue, _ schema: Subschema, to shape: inout SchemaShape
    ) throws(GrammarError) {
        guard case .string(let name) = value else { throw .invalidSchema("\"format\" is no string", path: schema.path) }
        switch name {
        // OpenAPI's names for what a number is kept in.
        case "float", "double": shape.mentioned.formUnion(.number)
        case "int32", "int64":
            shape.mentioned.formUnion(.integer)
            let limit: Int64 = name == "int32" ? 1 << 31 : 999_999_999_999_999_999
            shape.raiseMinimum(NumberBound(value: .integer(-limit), isExclusive: false))
            shape.lowerMaximum(NumberBound(value: .integer(name == "int32" ? limit - 1 : limit), isExclusive: false))
        // Names that describe and do not constrain.
        case "password", "binary", "byte", "path", "file-path", "directory-path": break
        default:
            guard StringFormats.expression(name) != nil else {
                throw .unsupportedKeyword(
                    "format", reason: "\"\(name.shortened)\" is none of \(StringFormats.names.joined(separator: ", "))",
                    path: schema.path)
            }
            shape.mentioned.formUnion(.string)
            if !shape.formats.contains(name) { shape.formats.append(name) }
        }
    }

    /// A count: a whole number from 0.
    static func count(_ value: JSONValue, _ key: String, _ schema: Subschema) throws(GrammarError) -> Int {
        var count: Int?
        switch value {
        case .integer(let number): count = Int(exactly: number)
        case .number(let number): count = Int(exactly: number)
        default: break
        }
        guard let count, count >= 0 else {
            throw .invalidSchema("\"\(key)\" is no whole number from 0", path: schema.path)
        }
        return count
    }
}

extension SchemaShape {
    /// Leaves only those of `list`.
    mutating func restrict(to list: [JSONValue]) {
        if let known = values {
            let wanted = JSONValueSet(list)
            values = known.filter(wanted.contains)
        } else {
            values = list
        }
        valuesSize = values?.reduce(0) { $0 + $1.contentSize } ?? 0
    }
}
