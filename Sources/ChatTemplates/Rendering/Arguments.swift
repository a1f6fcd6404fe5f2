/// The arguments of a call, evaluated.
struct Arguments {
    var positional: [Value] = []
    var named: [(name: Text, value: Value)] = []

    init(positional: [Value] = [], named: [(name: Text, value: Value)] = []) {
        self.positional = positional
        self.named = named
    }

    init(_ arguments: [Argument], _ renderer: Renderer, _ scope: Scope) throws(ChatTemplateError) {
        for argument in arguments {
            let value = try renderer.value(of: argument.value, in: scope)
            switch argument.kind {
            case .positional: positional.append(value)
            case .named(let name): try add(name, value, renderer)
            case .spread:
                let items = try renderer.iterated(value)
                try renderer.charge(bytes: items.count * 16)
                positional += items
            case .spreadNamed:
                guard case .mapping(let mapping) = value else {
                    throw renderer.fail(.type, "argument after ** must be a mapping, not \(value.typeName)")
                }
                for (key, value) in zip(mapping.keys, mapping.values) {
                    guard let name = key.asText else { throw renderer.fail(.type, "keywords must be strings") }
                    try add(name, value, renderer)
                }
            }
        }
    }

    private mutating func add(_ name: Text, _ value: Value, _ renderer: Renderer) throws(ChatTemplateError) {
        try renderer.step(1 + named.count >> 2)
        if named.contains(where: { $0.name == name }) {
            throw renderer.fail(.type, "got multiple values for keyword argument '\(name.string)'")
        }
        named.append((name, value))
    }

    var isEmpty: Bool { positional.isEmpty && named.isEmpty }

    /// The values of these parameters, nil where not given.
    func bound(
        to parameters: [StaticString], of callee: String, required: Int = 0, _ renderer: Renderer
    ) throws(ChatTemplateError) -> [Value?] {
        guard positional.count <= parameters.count else {
            throw renderer.fail(
                .type, "\(callee) takes at most \(parameters.count) arguments (\(positional.count) given)")
        }
        var values: [Value?] = positional
        values += Array(repeating: nil, count: parameters.count - positional.count)
        for (name, value) in named {
            guard let at = parameters.firstIndex(where: { Text(stringLiteral: $0) == name }) else {
                throw renderer.fail(.type, "\(callee) got an unexpected keyword argument '\(name.string)'")
            }
            guard values[at] == nil else {
                throw renderer.fail(.type, "\(callee) got multiple values for argument '\(name.string)'")
            }
            values[at] = value
        }
        for index in 0..<min(required, values.count) where values[index] == nil {
            throw renderer.fail(.type, "\(callee) is missing its argument '\(parameters[index])'")
        }
        for value in values { if let value { try renderer.look(value) } }
        return values
    }
}
