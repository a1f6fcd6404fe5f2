// Filters about lists and mappings as a whole.
extension Renderer {
    func sequenceFilter(_ name: String, _ input: Value, _ arguments: Arguments) throws(ChatTemplateError) -> Value? {
        switch name {
        case "default", "d":
            let given = try bind(name, ["default_value", "boolean"], arguments)
            let replaces = input.isUndefined || ((given[1]?.isTrue ?? false) && !input.isTrue)
            return replaces ? given[0] ?? .text("") : input
        case "first", "last":
            _ = try bind(name, [], arguments)
            return try end(input, isFirst: name == "first")
        case "list":
            _ = try bind(name, [], arguments)
            return try makeList(try iterated(input))
        case "items":
            _ = try bind(name, [], arguments)
            if input.isUndefined { return try makeSequence(.generator, []) }
            guard case .mapping(let mapping) = input else {
                throw fail(.type, "Can only get item pairs from a mapping.")
            }
            return try makeSequence(.generator, try itemPairs(mapping))
        case "reverse":
            _ = try bind(name, [], arguments)
            if let text = input.asText { return try makeText(Text(scalars: text.scalars.reversed())) }
            switch input {
            case .sequence(let sequence) where !sequence.kind.isIterator: break
            case .mapping, .sequence: break
            default: throw fail(.type, "argument must be iterable")
            }
            let items = try iterated(input)
            return try makeSequence(.generator, items.reversed())
        case "sort":
            let given = try bind(name, ["reverse", "case_sensitive", "attribute"], arguments)
            return try sort(input, given)
        case "unique":
            let given = try bind(name, ["case_sensitive", "attribute"], arguments)
            return try unique(input, given)
        case "min", "max":
            let given = try bind(name, ["case_sensitive", "attribute"], arguments)
            return try extreme(input, given, isMin: name == "min")
        case "dictsort":
            let given = try bind(name, ["case_sensitive", "by", "reverse"], arguments)
            return try sortedPairs(input, given)
        case "batch", "slice":
            let parameters: [StaticString] = name == "batch" ? ["linecount", "fill_with"] : ["slices", "fill_with"]
            let given = try bind(name, parameters, arguments, required: 1)
            return try name == "batch" ? batched(input, given) : sliced(input, given)
        case "attr":
            let wanted = try requiredText(try bind(name, ["name"], arguments, required: 1)[0], "the attribute's name")
            if case .mapping = input, !hasMethod(wanted.string, input) {
                // `attr` never looks at items.
                return .undefined(Undefined(message: "'dict object' has no attribute '\(wanted.string)'"))
            }
            return try attribute(wanted, of: input)
        default: return nil
        }
    }

    func itemPairs(_ mapping: MappingValue) throws(ChatTemplateError) -> [Value] {
        var items: [Value] = []
        for (key, value) in zip(mapping.keys, mapping.values) { items.append(try makeTuple([key, value])) }
        return items
    }

    private func end(_ input: Value, isFirst: Bool) throws(ChatTemplateError) -> Value {
        if case .sequence(let sequence) = input, sequence.kind.isIterator {
            guard isFirst else { throw fail(.type, "'generator' object is not reversible") }
            try step(sequence.items.count >> 2)
            return sequence.takeFirst()
                ?? .undefined(Undefined(message: "No first item, sequence was empty."))
        }
        if let text = input.asText {
            let scalars = text.string.unicodeScalars
            if let scalar = isFirst ? scalars.first : scalars.last { return .text(Text(scalar)) }
        }
        let items = try iterated(input)
        return (isFirst ? items.first : items.last)
            ?? .undefined(Undefined(message: "No \(isFirst ? "first" : "last") item, sequence was empty."))
    }

    /// Items in Python's order of their keys, those with equal keys as they were.
    func sorted<Item>(
        _ items: [Item], reversed: Bool = false, by key: (Item) throws(ChatTemplateError) -> Value
    ) throws(ChatTemplateError) -> [Item] {
        var keyed: [(place: Int, key: Value, item: Item)] = []
        for (place, item) in items.enumerated() { keyed.append((place, try key(item), item)) }
        try charge(bytes: keyed.count * 64)
        do {
            try keyed.sort { a, b in
                // Looking at `b < a` first keeps equal ones in place.
                let order = try self.order(a.key, b.key) ?? 0
                if order == 0 { return a.place < b.place }
                return reversed ? order > 0 : order < 0
            }
        } catch let error as ChatTemplateError {
            throw error
        } catch {
            throw fail(.type, "the values cannot be sorted")
        }
        return keyed.map(\.item)
    }

    /// What to compare an item by: an attribute of it, in lower case unless case matters.
    private func comparisonKey(
        _ item: Value, _ attribute: Value?, caseSensitive: Bool
    ) throws(ChatTemplateError) -> Value {
        var value = item
        if let attribute, !isNone(attribute) { value = try resolve(attribute, of: item) }
        if !caseSensitive, let text = value.asText { return try makeText(text.lowercased) }
        return value
    }

    private func sort(_ input: Value, _ given: [Value?]) throws(ChatTemplateError) -> Value {
        let caseSensitive = given[1]?.isTrue ?? false
        var paths: [Value?] = [given[2]]
        if let list = given[2]?.asText, list.find(",") != nil {
            paths = list.split(on: ",", limit: -1).map { .text($0) }
        }
        let items = try iterated(input)
        let result = try sorted(items, reversed: given[0]?.isTrue ?? false) { item throws(ChatTemplateError) in
            // Python compares lists of keys here, which asks for equality before order.
            var parts: [Value] = []
            for path in paths { parts.append(try comparisonKey(item, path, caseSensitive: caseSensitive)) }
            return try makeTuple(parts)
        }
        return try makeList(result)
    }

    private func unique(_ input: Value, _ given: [Value?]) throws(ChatTemplateError) -> Value {
        var seen: Set<MappingValue.Key> = []
        var kept: [Value] = []
        for item in try iterated(input) {
            let value = try comparisonKey(item, given[1], caseSensitive: given[0]?.isTrue ?? false)
            try charge(bytes: 48)
            if seen.insert(try key(value)).inserted { kept.append(item) }
        }
        return try makeSequence(.generator, kept)
    }

    private func extreme(_ input: Value, _ given: [Value?], isMin: Bool) throws(ChatTemplateError) -> Value {
        var best: (key: Value, item: Value)?
        for item in try iterated(input) {
            let key = try comparisonKey(item, given[1], caseSensitive: given[0]?.isTrue ?? false)
            guard let current = best else {
                best = (key, item)
                continue
            }
            let order = try order(key, current.key, isMin ? "<" : ">") ?? 0
            if isMin ? order < 0 : order > 0 { best = (key, item) }
        }
        return best?.item ?? .undefined(Undefined(message: "No aggregated item, sequence was empty."))
    }

    private func sortedPairs(_ input: Value, _ given: [Value?]) throws(ChatTemplateError) -> Value {
        guard case .mapping(let mapping) = input else {
            throw fail(.type, "dictsort needs a mapping, not '\(input.typeName)'")
        }
        let by = try given[1].map { value throws(ChatTemplateError) in try string(value).string } ?? "key"
        guard by == "key" || by == "value" else {
            throw fail(.value, "You can only sort by either \"key\" or \"value\"")
        }
        let caseSensitive = given[0]?.isTrue ?? false
        let pairs = Array(zip(mapping.keys, mapping.values))
        let ordered = try sorted(pairs, reversed: given[2]?.isTrue ?? false) { pair throws(ChatTemplateError) in
            try comparisonKey(by == "key" ? pair.0 : pair.1, nil, caseSensitive: caseSensitive)
        }
        var items: [Value] = []
        for (key, value) in ordered { items.append(try makeTuple([key, value])) }
        return try makeList(items)
    }

    private func batched(_ input: Value, _ given: [Value?]) throws(ChatTemplateError) -> Value {
        let size = try integer(given[0], 1, "linecount")
        guard size > 0 else { throw fail(.value, "linecount must be at least 1") }
        try checkItems(size)
        var batches: [Value] = []
        var batch: [Value] = []
        for item in try iterated(input) {
            if batch.count == size {
                batches.append(try makeList(batch))
                batch = []
            }
            batch.append(item)
        }
        if !batch.isEmpty {
            if let fill = given[1], !isNone(fill) { batch += Array(repeating: fill, count: size - batch.count) }
            batches.append(try makeList(batch))
        }
        return try makeSequence(.generator, batches)
    }

    private func sliced(_ input: Value, _ given: [Value?]) throws(ChatTemplateError) -> Value {
        let count = try integer(given[0], 1, "slices")
        guard count > 0 else { throw fail(.value, "slices must be at least 1") }
        try checkItems(count)
        let items = try iterated(input)
        let longer = items.count % count
        var slices: [Value] = []
        var start = 0
        for index in 0..<count {
            let end = start + items.count / count + (index < longer ? 1 : 0)
            var part = Array(items[start..<end])
            if let fill = given[1], !isNone(fill), index >= longer { part.append(fill) }
            slices.append(try makeList(part))
            start = end
        }
        return try makeSequence(.generator, slices)
    }
}
