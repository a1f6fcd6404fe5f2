// `value.name(arguments)`
extension Renderer {
    private static let textMethods: Set<String> = [
        "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "partition", "rpartition", "startswith",
        "endswith", "upper", "lower", "title", "capitalize", "swapcase", "casefold", "replace", "join", "format",
        "find", "rfind", "index", "rindex", "count", "isdigit", "isdecimal", "isnumeric", "isalpha", "isalnum",
        "isspace", "isupper", "islower", "zfill", "ljust", "rjust", "center", "removeprefix", "removesuffix",
    ]
    private static let mappingMethods: Set<String> = ["items", "keys", "values", "get", "copy"]

    /// Whether values of this type have this method.
    func hasMethod(_ name: String, _ object: Value) -> Bool {
        switch object {
        case .text: Self.textMethods.contains(name)
        case .mapping: Self.mappingMethods.contains(name)
        case .sequence(let sequence):
            switch sequence.kind {
            case .list: name == "index" || name == "count" || name == "copy"
            case .tuple, .range: name == "index" || name == "count"
            default: false
            }
        default: false
        }
    }

    func callMethod(_ name: String, of receiver: Value, _ arguments: Arguments) throws(ChatTemplateError) -> Value {
        try look(receiver)
        switch receiver {
        case .text(let text): return try textMethod(name, text, arguments)
        case .mapping(let mapping): return try mappingMethod(name, receiver, mapping, arguments)
        case .sequence(let sequence): return try sequenceMethod(name, receiver, sequence, arguments)
        case .loop(let loop):
            if name == "cycle" {
                guard !arguments.positional.isEmpty else { throw fail(.type, "no items for cycling given") }
                return arguments.positional[loop.index % arguments.positional.count]
            }
            var same = false
            if let last = loop.lastChanged, last.count == arguments.positional.count {
                same = true
                for (a, b) in zip(last, arguments.positional) where !(try equal(a, b)) { same = false }
            }
            if loop.lastChanged == nil { try keep(loop) }
            loop.lastChanged = arguments.positional
            return .bool(!same)
        default: throw fail(.type, "'\(receiver.typeName)' object has no method '\(name)'")
        }
    }

    func bind(
        method name: String, _ parameters: [StaticString], _ arguments: Arguments, required: Int = 0
    ) throws(ChatTemplateError) -> [Value?] {
        try arguments.bound(to: parameters, of: "\(name)()", required: required, self)
    }

    private func mappingMethod(
        _ name: String, _ receiver: Value, _ mapping: MappingValue, _ arguments: Arguments
    ) throws(ChatTemplateError) -> Value {
        if name == "get" {
            let given = try bind(method: name, ["key", "default"], arguments, required: 1)
            return mapping.value(try key(given[0] ?? .none)) ?? given[1] ?? .none
        }
        _ = try bind(method: name, [], arguments)
        switch name {
        case "keys": return try makeSequence(.keys, mapping.keys)
        case "values": return try makeSequence(.values, mapping.values)
        case "items": return try makeSequence(.items, try itemPairs(mapping))
        // Nothing changes a mapping, so it is its own copy.
        default: return receiver
        }
    }

    private func sequenceMethod(
        _ name: String, _ receiver: Value, _ sequence: SequenceValue, _ arguments: Arguments
    ) throws(ChatTemplateError) -> Value {
        if name == "copy" {
            _ = try bind(method: name, [], arguments)
            return receiver
        }
        let wanted = try bind(method: name, ["value"], arguments, required: 1)[0] ?? .none
        var count = 0
        for (index, item) in sequence.items.enumerated() where try equal(item, wanted) {
            if name == "index" { return .int(index) }
            count += 1
        }
        if name == "index" { throw fail(.value, "\(represented(wanted).string) is not in \(receiver.typeName)") }
        return .int(count)
    }
}
