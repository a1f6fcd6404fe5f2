// `value|name(arguments)`
extension Renderer {
    static let filterNames: Set<String> = [
        "abs", "attr", "batch", "capitalize", "center", "count", "d", "default", "dictsort", "first", "float", "format",
        "indent", "int", "items", "join", "last", "length", "list", "lower", "map", "max", "min", "reject",
        "rejectattr", "replace", "reverse", "round", "safe", "select", "selectattr", "slice", "sort", "string", "sum",
        "title", "tojson", "trim", "unique", "upper", "wordcount",
    ]

    func apply(_ filter: FilterCall, to input: Value, in scope: Scope) throws(ChatTemplateError) -> Value {
        line = filter.line
        let arguments = try Arguments(filter.arguments, self, scope)
        line = filter.line
        return try apply(filter.name, to: input, arguments)
    }

    func apply(_ name: String, to input: Value, _ arguments: Arguments) throws(ChatTemplateError) -> Value {
        try enter()
        defer { leave() }
        try look(input)
        guard Self.filterNames.contains(name) else { throw fail(.unknownFilter, "no filter named '\(name)'") }
        if let value = try textFilter(name, input, arguments) { return value }
        if let value = try numberFilter(name, input, arguments) { return value }
        if let value = try sequenceFilter(name, input, arguments) { return value }
        return try selectionFilter(name, input, arguments)
    }

    func bind(
        _ name: String, _ parameters: [StaticString], _ arguments: Arguments, required: Int = 0
    ) throws(ChatTemplateError) -> [Value?] {
        try arguments.bound(to: parameters, of: "filter '\(name)'", required: required, self)
    }

    func integer(_ value: Value?, _ fallback: Int, _ what: String) throws(ChatTemplateError) -> Int {
        guard let value else { return fallback }
        guard let int = value.asInt else {
            throw fail(.type, "\(what) must be a whole number, not '\(value.typeName)'")
        }
        return int
    }

    func requiredText(_ value: Value?, _ what: String) throws(ChatTemplateError) -> Text {
        guard let value else { throw fail(.type, "\(what) is missing") }
        if case .undefined(let undefined) = value { throw fail(.undefined, undefined.message) }
        guard let text = value.asText else { throw fail(.type, "\(what) must be str, not \(value.typeName)") }
        return text
    }

    /// Python's `len`.
    func length(_ value: Value) throws(ChatTemplateError) -> Int {
        try look(value)
        switch value {
        case .undefined: return 0
        case .text(let text): return text.length
        case .sequence(let sequence) where !sequence.kind.isIterator: return sequence.items.count
        case .mapping(let mapping): return mapping.count
        case .loop(let loop): return loop.items.count
        default: throw fail(.type, "object of type '\(value.typeName)' has no len()")
        }
    }
}
