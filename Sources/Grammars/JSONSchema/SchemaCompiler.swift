import ModelFiles

/// Turns a JSON schema into rules.
///
/// What a value must satisfy is a list of subschemas (one, or several through `allOf` and `$ref` with neighbours); each list
/// becomes one rule, found again by the places of its members. So recursive schemas end, and nothing is worked through by
/// recursion: what a rule needs is queued.
///
/// Texts of the grammar always satisfy the schema. The grammar may be narrower: it knows one order of properties, adds no
/// properties beside named ones unless asked to, and writes numbers in bounded length.
struct SchemaCompiler {
    let document: JSONValue
    private(set) var rules: [Rule] = []
    private var numbers: [[String]: Int] = [:]
    private var pending: [(rule: Int, schemas: [Subschema])] = []
    private var valueRule: Int?
    /// What may still be taken.
    var budget: SchemaBudget
    /// Places of `oneOf` that were found to be in order.
    var disjoint: Set<String> = []

    private init(_ document: JSONValue, _ budget: SchemaBudget) {
        self.document = document
        self.budget = budget
    }

    /// The rules of `document`; the first is the root.
    static func compile(_ document: JSONValue, _ budget: inout SchemaBudget) throws(GrammarError) -> [Rule] {
        var compiler = SchemaCompiler(document, budget)
        defer { budget = compiler.budget }
        _ = try compiler.reference([Subschema(value: document, path: "#")])
        while let (rule, schemas) = compiler.pending.popLast() {
            try compiler.define(rule, try compiler.body(schemas))
        }
        return compiler.rules
    }

    /// The rule of values that satisfy all of `schemas`.
    mutating func reference(_ schemas: [Subschema]) throws(GrammarError) -> Expression {
        var unique: [Subschema] = []
        var places: Set<String> = []
        for schema in schemas {
            // `true` asks for nothing.
            if case .bool(true) = schema.value { continue }
            if places.insert(schema.path).inserted { unique.append(schema) }
        }
        guard !unique.isEmpty else { return try anyValue() }
        let key = unique.map(\.path)
        if let known = numbers[key] { return .rule(known) }
        for schema in unique { try Self.checkPlace(schema) }
        let number = try add(key.prefix(4).joined(separator: " and "))
        numbers[key] = number
        pending.append((number, unique))
        return .rule(number)
    }

    /// Adds a rule that is to be defined later.
    mutating func add(_ name: String, _ expression: Expression = .choice([])) throws(GrammarError) -> Int {
        try budget.addRule()
        try budget.add(expression)
        rules.append(Rule(name: name, expression: expression))
        return rules.count - 1
    }

    /// Gives an added rule its expression.
    mutating func define(_ number: Int, _ expression: Expression) throws(GrammarError) {
        try budget.add(expression)
        rules[number].expression = expression
    }

    /// Refuses a place so deep or with names so long that writing down the places below it takes too much memory.
    static func checkPlace(_ schema: Subschema) throws(GrammarError) {
        guard schema.path.utf8.count <= GrammarLimits.pathBytes else {
            throw .tooLarge("bytes in the place of a part of the schema", limit: GrammarLimits.pathBytes)
        }
    }

    /// Any value at all.
    mutating func anyValue() throws(GrammarError) -> Expression {
        if let valueRule { return .rule(valueRule) }
        let first = rules.count
        for rule in JSONShapes.valueRules(from: first) { _ = try add(rule.name, rule.expression) }
        valueRule = first
        return .rule(first)
    }

    private mutating func body(_ schemas: [Subschema]) throws(GrammarError) -> Expression {
        // Alternatives that stand alone stay references, so that recursion through them ends.
        if schemas.count == 1, let alternatives = try plainAlternatives(schemas[0]) {
            var parts: [Expression] = []
            for alternative in alternatives { parts.append(try reference([alternative])) }
            return .choice(parts)
        }
        var parts: [Expression] = []
        for shape in try shapes(schemas) { parts.append(try expression(shape)) }
        return parts.count == 1 ? parts[0] : .choice(parts)
    }

    /// The alternatives of a schema that says nothing else; nil for other schemas.
    private mutating func plainAlternatives(_ schema: Subschema) throws(GrammarError) -> [Subschema]? {
        guard case .object(let object) = schema.value else { return nil }
        let telling = object.members.filter { !SchemaKeywords.isIgnored($0.key, at: schema.path) }
        guard telling.count == 1, let member = telling.first else { return nil }
        switch member.key {
        case "$ref": return [try resolve(member.value, in: schema)]
        case "allOf":
            let parts = try subschemas(member.value, member.key, schema)
            return parts.count == 1 ? parts : nil
        case "anyOf": return try subschemas(member.value, member.key, schema)
        case "oneOf":
            let parts = try subschemas(member.value, member.key, schema)
            try checkDisjoint(parts, schema)
            return parts
        default: return nil
        }
    }

    /// The schemas that a keyword lists.
    func subschemas(_ value: JSONValue, _ key: String, _ schema: Subschema) throws(GrammarError) -> [Subschema] {
        guard case .array(let values) = value, !values.isEmpty else {
            throw .invalidSchema("\"\(key)\" is no list of schemas", path: schema.path)
        }
        guard values.count <= GrammarLimits.readings / 4 else {
            throw .tooLarge("alternatives", limit: GrammarLimits.readings / 4)
        }
        return values.enumerated().map { schema.child($1, key, "\($0)") }
    }

    /// What a value of `shape` looks like.
    private mutating func expression(_ shape: SchemaShape) throws(GrammarError) -> Expression {
        var kinds = shape.kinds ?? (shape.mentioned.isEmpty ? .all : shape.mentioned)
        if let values = shape.values { return try choice(of: values, shape) }
        if kinds == .all, shape.mentioned.isEmpty { return try anyValue() }
        var parts: [Expression] = []
        if kinds.contains(.object) { parts.append(try object(shape)) }
        if kinds.contains(.array) { parts.append(try array(shape)) }
        if kinds.contains(.string) { parts.append(try string(shape)) }
        if !kinds.isDisjoint(with: .number) {
            parts.append(try number(shape, isWhole: !kinds.contains(.fraction)))
        }
        if kinds.remove(.boolean) != nil { parts += [.text("true"), .text("false")] }
        if kinds.contains(.null) { parts.append(.text("null")) }
        return parts.count == 1 ? parts[0] : .choice(parts)
    }
}
