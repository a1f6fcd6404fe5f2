import ModelFiles

extension SchemaCompiler {
    /// Adds the keywords of objects.
    func applyObject(
        _ object: JSONObject, _ schema: Subschema, to shape: inout SchemaShape
    ) throws(GrammarError) {
        var own: [(name: String, schema: Subschema)] = []
        if let value = object["properties"] {
            guard case .object(let properties) = value else {
                throw .invalidSchema("\"properties\" is no object", path: schema.path)
            }
            guard properties.count <= GrammarLimits.rules else {
                throw .tooLarge("properties", limit: GrammarLimits.rules)
            }
            own = properties.members.map { ($0.key, schema.child($0.value, "properties", $0.key)) }
        }
        let others = object["additionalProperties"].map { schema.child($0, "additionalProperties") }
        if !own.isEmpty || others != nil {
            let names = Set(own.map(\.name))
            // What one schema calls additional may be a property of the other.
            if let others {
                for index in shape.properties.indices where !names.contains(shape.properties[index].name) {
                    shape.properties[index].schemas.append(others)
                }
            }
            var known: [String: Int] = [:]
            for (index, property) in shape.properties.enumerated() { known[property.name] = index }
            for (name, part) in own {
                if let index = known[name] {
                    shape.properties[index].schemas.append(part)
                } else {
                    shape.properties.append(.init(name: name, schemas: (shape.additional ?? []) + [part]))
                }
            }
            if let others { shape.additional = (shape.additional ?? []) + [others] }
        }
        if let value = object["required"] {
            guard case .array(let names) = value else {
                throw .invalidSchema("\"required\" is no list", path: schema.path)
            }
            guard names.count <= GrammarLimits.rules else {
                throw .tooLarge("names in \"required\"", limit: GrammarLimits.rules)
            }
            for name in names {
                guard case .string(let text) = name else {
                    throw .invalidSchema("\"required\" lists something that is no name", path: schema.path)
                }
                shape.require(text)
            }
        }
        if let value = object["minProperties"] {
            shape.minimumProperties = max(shape.minimumProperties, try Self.count(value, "minProperties", schema))
        }
        if let value = object["maxProperties"] {
            shape.maximumProperties = min(
                shape.maximumProperties ?? .max, try Self.count(value, "maxProperties", schema))
        }
    }

    /// An object: its properties in order, those not required left out at will, then additional ones.
    mutating func object(_ shape: SchemaShape) throws(GrammarError) -> Expression {
        var properties = shape.properties
        let names = Set(properties.map(\.name))
        for name in shape.required where !names.contains(name) {
            properties.append(.init(name: name, schemas: shape.additional ?? []))
        }
        guard !properties.isEmpty else { return try map(shape) }
        // `false` asks for none: no rules for their names.
        let isOpen = shape.additional.map { !$0.contains { $0.value == .bool(false) } } ?? false
        try checkCounts(shape, properties.count, isOpen: isOpen)

        // From the last to the first: what may follow once something stands before it.
        var rest = Expression.empty
        var beginnings: [Expression] = []
        if isOpen {
            let member = try member(excluding: properties.map(\.name), shape.additional ?? [])
            rest = .rule(
                try add("additional properties", .repeated(.sequence([JSONShapes.comma, member]), least: 0, most: nil)))
            beginnings = [.sequence([member, rest])]
        }
        var canBeEmpty = true
        for property in properties.reversed() {
            let value = try reference(property.schemas)
            let text = Expression.sequence([.text(JSONText.quoted(property.name)), JSONShapes.colon, value])
            let member = Expression.rule(try add(property.name, text))
            let isRequired = shape.requiredNames.contains(property.name)
            if isRequired {
                beginnings = []
                canBeEmpty = false
            }
            beginnings.append(.sequence([member, rest]))
            let following = Expression.sequence([JSONShapes.comma, member])
            rest = .rule(
                try add("after \(property.name)", .sequence([isRequired ? following : following.optional, rest])))
        }
        if canBeEmpty { beginnings.append(.empty) }
        return .sequence([.text("{"), .choice(beginnings), .text("}")])
    }

    /// An object of any names.
    private mutating func map(_ shape: SchemaShape) throws(GrammarError) -> Expression {
        if shape.minimumProperties > 1 {
            throw .unsupportedKeyword(
                "minProperties", reason: "names cannot be kept from coming twice; only 0 and 1 are honoured here",
                path: shape.path)
        }
        let member = try member(excluding: [], shape.additional ?? [])
        return .sequence([
            .text("{"),
            JSONShapes.list(member, least: shape.minimumProperties, most: shape.maximumProperties), .text("}"),
        ])
    }

    /// Counts of properties are honoured only where they hold by themselves.
    private func checkCounts(_ shape: SchemaShape, _ named: Int, isOpen: Bool) throws(GrammarError) {
        guard shape.minimumProperties <= shape.required.count else {
            throw .unsupportedKeyword(
                "minProperties",
                reason: "beside named properties it is honoured only up to the number of required ones",
                path: shape.path)
        }
        guard let most = shape.maximumProperties, isOpen || most < named else { return }
        throw .unsupportedKeyword(
            "maxProperties", reason: "beside named properties it is not honoured", path: shape.path)
    }

    /// A property of any name but these.
    private mutating func member(
        excluding names: [String], _ schemas: [Subschema]
    ) throws(GrammarError) -> Expression {
        let name = try JSONShapes.quoted(self.name(excluding: names))
        let text = Expression.sequence([name, JSONShapes.colon, try reference(schemas)])
        return .rule(try add("additional property", text))
    }

    /// The inside of a string that is none of `names`. Only one spelling of each character is allowed, so that an escape
    /// cannot spell one of them.
    private mutating func name(excluding names: [String]) throws(GrammarError) -> Expression {
        guard !names.isEmpty else { return .repeated(JSONShapes.character, least: 0, most: nil) }
        let character = JSONText.escaped(Expression.characters(.all))
        let any = Expression.rule(try add("any name", .repeated(character, least: 0, most: nil)))
        let nodes = try NameTrie(names).nodes
        let first = rules.count
        for _ in nodes { _ = try add("another name") }
        for (index, node) in nodes.enumerated() {
            let taken = CharacterSet(node.children.map { $0.scalar...$0.scalar })
            var parts: [Expression] = node.isName ? [] : [.empty]
            parts.append(.sequence([JSONText.escaped(.characters(taken.inverted)), any]))
            for child in node.children {
                parts.append(.sequence([.text(JSONText.escaped(child.scalar)), .rule(first + child.node)]))
            }
            try define(first + index, .choice(parts))
        }
        return .rule(first)
    }
}

/// Names with their shared beginnings. At each node a character that leaves it may be followed by anything.
private struct NameTrie {
    struct Node {
        var children: [(scalar: UInt32, node: Int)] = []
        var isName = false
    }

    private struct Step: Hashable {
        var node: Int
        var scalar: UInt32
    }

    private(set) var nodes = [Node()]

    /// - Throws: ``GrammarError/tooLarge(_:limit:)``: each node becomes a rule.
    init(_ names: [String]) throws(GrammarError) {
        var following: [Step: Int] = [:]
        for name in names {
            var node = 0
            for scalar in name.unicodeScalars {
                let step = Step(node: node, scalar: scalar.value)
                if let child = following[step] {
                    node = child
                    continue
                }
                guard nodes.count < GrammarLimits.rules else { throw .tooLarge("rules", limit: GrammarLimits.rules) }
                following[step] = nodes.count
                nodes[node].children.append((scalar.value, nodes.count))
                node = nodes.count
                nodes.append(Node())
            }
            nodes[node].isName = true
        }
    }
}
