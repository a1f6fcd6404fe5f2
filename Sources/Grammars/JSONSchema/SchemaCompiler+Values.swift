import ModelFiles

extension SchemaCompiler {
    /// One of `values`, those left out that the rest of the schema does not allow.
    mutating func choice(of values: [JSONValue], _ shape: SchemaShape) throws(GrammarError) -> Expression {
        var parts: [Expression] = []
        var pattern: PatternTest?
        for value in values where try allows(value, shape, &pattern) {
            parts.append(try JSONText.literal(value, path: shape.path))
        }
        return .choice(parts)
    }

    /// - Parameter pattern: The pattern or format of `shape`, made when the first text needs it.
    private mutating func allows(
        _ value: JSONValue, _ shape: SchemaShape, _ pattern: inout PatternTest?
    ) throws(GrammarError) -> Bool {
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
            if pattern == nil { pattern = try patternTest(shape) }
            return try pattern?.matches(JSONText.quoted(text), &budget) ?? false
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

    /// The pattern or format of a shape, whatever the length of texts.
    private mutating func patternTest(_ shape: SchemaShape) throws(GrammarError) -> PatternTest {
        var plain = shape
        plain.minimumLength = 0
        plain.maximumLength = nil
        return try PatternTest(try string(plain), &budget)
    }
}

/// Tells which texts match an expression. What it learns from one text it knows for the next.
private struct PatternTest {
    /// What an automaton costs, and all that it may learn before it begins anew.
    private static let cost = 16_000

    private let grammar: Grammar
    private var matcher: Matcher

    init(_ expression: Expression, _ budget: inout SchemaBudget) throws(GrammarError) {
        try budget.combine(size: Self.cost)
        grammar = try Grammar(rules: [Rule(name: "pattern", expression: expression)], root: 0)
        try budget.add(grammar.definition.automaton)
        matcher = try Matcher(grammar)
    }

    /// Whether `text` as a whole matches.
    /// - Throws: ``GrammarError`` when that takes too much.
    mutating func matches(_ text: [UInt8], _ budget: inout SchemaBudget) throws(GrammarError) -> Bool {
        var state = matcher.start
        for byte in text {
            if matcher.isFull {
                try budget.combine(size: Self.cost)
                let portable = matcher.exported(state)
                matcher = try Matcher(grammar)
                state = matcher.imported(portable)
            }
            state = try matcher.step(state, byte)
            if state == Matcher.dead { return false }
        }
        return matcher.mayEnd(state)
    }
}
