// Filters that go through items with another filter or a test: `map`, `select`, `reject` and their like.
extension Renderer {
    func selectionFilter(_ name: String, _ input: Value, _ arguments: Arguments) throws(ChatTemplateError) -> Value {
        // An empty or undefined input gives nothing, whatever the arguments.
        let items = input.isTrue ? try iterated(input) : []
        var result: [Value] = []
        if name == "map" {
            if items.isEmpty { return try makeSequence(.generator, []) }
            for item in items { result.append(try mapped(item, arguments)) }
            return try makeSequence(.generator, result)
        }
        let wanted = name == "select" || name == "selectattr"
        for item in items where try holds(item, name, arguments) == wanted { result.append(item) }
        return try makeSequence(.generator, result)
    }

    private func mapped(_ item: Value, _ arguments: Arguments) throws(ChatTemplateError) -> Value {
        if arguments.positional.isEmpty, arguments.named.contains(where: { $0.name == "attribute" }) {
            let given = try bind("map", ["attribute", "default"], arguments)
            let value = try resolve(given[0] ?? .none, of: item, fallback: given[1])
            return value
        }
        guard let first = arguments.positional.first else { throw fail(.type, "map requires a filter argument") }
        let filter = try requiredText(first, "the filter's name")
        let rest = Arguments(positional: Array(arguments.positional.dropFirst()), named: arguments.named)
        return try apply(filter.string, to: item, rest)
    }

    private func holds(_ item: Value, _ name: String, _ arguments: Arguments) throws(ChatTemplateError) -> Bool {
        var subject = item
        var rest = arguments.positional
        if name.hasSuffix("attr") {
            guard let path = rest.first else { throw fail(.type, "Missing parameter for attribute name") }
            subject = try resolve(path, of: item)
            rest.removeFirst()
        }
        guard let testName = rest.first else { return subject.isTrue }
        rest.removeFirst()
        try look(item)
        return try test(
            try requiredText(testName, "the test's name").string, subject,
            Arguments(positional: rest, named: arguments.named))
    }

    /// The value at a path such as `name`, `0` or `author.name`.
    func resolve(_ path: Value, of item: Value, fallback: Value? = nil) throws(ChatTemplateError) -> Value {
        var value = item
        if let text = path.asText {
            for part in text.split(on: ".", limit: -1) {
                try step()
                let number = part.bytes.allSatisfy { (0x30...0x39).contains($0) } ? Int(part.string) : nil
                value = try self.item(number.map(Value.int) ?? .text(part), of: value)
                if let fallback, value.isUndefined { value = fallback }
            }
            return value
        }
        value = try self.item(path, of: value)
        if let fallback, value.isUndefined { return fallback }
        return value
    }

    func attributes(_ path: Value, of items: [Value]) throws(ChatTemplateError) -> [Value] {
        var values: [Value] = []
        for item in items { values.append(try resolve(path, of: item)) }
        return values
    }
}
