extension Renderer {
    func compare(_ comparison: Comparison, _ a: Value, _ b: Value) throws(ChatTemplateError) -> Bool {
        switch comparison {
        case .equal: return try equal(a, b)
        case .notEqual: return !(try equal(a, b))
        case .less: return try order(a, b, "<") { $0 < 0 }
        case .lessOrEqual: return try order(a, b, "<=") { $0 <= 0 }
        case .greater: return try order(a, b, ">") { $0 > 0 }
        case .greaterOrEqual: return try order(a, b, ">=") { $0 >= 0 }
        case .contained: return try contains(b, a)
        case .notContained: return !(try contains(b, a))
        }
    }

    /// Python's `==`.
    func equal(_ a: Value, _ b: Value) throws(ChatTemplateError) -> Bool {
        try step()
        switch (a, b) {
        case (.undefined, .undefined), (.none, .none): return true
        case (.text(let x), .text(let y)):
            guard x.bytes.count == y.bytes.count else { return false }
            try look(a)
            return x == y
        case (.sequence(let x), .sequence(let y)):
            if x === y { return true }
            switch (x.kind, y.kind) {
            case (.list, .list), (.tuple, .tuple), (.range, .range): break
            case (.keys, .keys), (.items, .items): break
            default: return false
            }
            guard x.items.count == y.items.count else { return false }
            for (left, right) in zip(x.items, y.items) where !(try equal(left, right)) { return false }
            return true
        case (.mapping(let x), .mapping(let y)):
            if x === y { return true }
            guard x.count == y.count else { return false }
            for (name, left) in zip(x.keys, x.values) {
                guard let right = y.value(try key(name)), try equal(left, right) else { return false }
            }
            return true
        case (.namespace(let x), .namespace(let y)): return x === y
        case (.loop(let x), .loop(let y)): return x === y
        case (.callable(let x), .callable(let y)): return x === y
        default: return Self.numericOrder(a, b) == .some(0)
        }
    }

    /// -1, 0 or 1 for two numbers; nil for anything else and when one is not a number.
    static func numericOrder(_ a: Value, _ b: Value) -> Int? {
        if let x = a.asInt, let y = b.asInt { return x < y ? -1 : x > y ? 1 : 0 }
        switch (a, b) {
        case (.double(let x), .double(let y)):
            return x.isNaN || y.isNaN ? nil : x < y ? -1 : x > y ? 1 : 0
        case (.double(let x), _): return b.asInt.flatMap { order($0, x) }.map { -$0 }
        case (_, .double(let y)): return a.asInt.flatMap { order($0, y) }
        default: return nil
        }
    }

    /// An integer against a float without rounding either.
    private static func order(_ x: Int, _ y: Double) -> Int? {
        if y.isNaN { return nil }
        if y >= 0x1p63 { return -1 }
        if y < -0x1p63 { return 1 }
        let whole = Int(y.rounded(.down))
        if x != whole { return x < whole ? -1 : 1 }
        return y > y.rounded(.down) ? -1 : 0
    }

    private func order(
        _ a: Value, _ b: Value, _ sign: String, _ holds: (Int) -> Bool
    ) throws(ChatTemplateError) -> Bool {
        guard let order = try order(a, b, sign) else { return false }
        return holds(order)
    }

    /// -1, 0 or 1 as Python orders the two; nil when neither (a NaN).
    func order(_ a: Value, _ b: Value, _ sign: String = "<") throws(ChatTemplateError) -> Int? {
        try step()
        switch (a, b) {
        case (.undefined(let undefined), _), (_, .undefined(let undefined)):
            throw fail(.undefined, undefined.message)
        case (.text(let x), .text(let y)):
            try look(a)
            return x < y ? -1 : x == y ? 0 : 1
        case (.sequence(let x), .sequence(let y)) where x.kind == y.kind && (x.kind == .list || x.kind == .tuple):
            for (left, right) in zip(x.items, y.items) where !(try equal(left, right)) {
                return try order(left, right, sign)
            }
            return x.items.count < y.items.count ? -1 : x.items.count > y.items.count ? 1 : 0
        default:
            if a.asDouble != nil, b.asDouble != nil { return Self.numericOrder(a, b) }
            throw fail(
                .type, "'\(sign)' not supported between instances of '\(a.typeName)' and '\(b.typeName)'")
        }
    }

    /// Python's `in`.
    func contains(_ container: Value, _ item: Value) throws(ChatTemplateError) -> Bool {
        try look(container)
        switch container {
        case .undefined: return false
        case .text(let text):
            if case .undefined(let undefined) = item { throw fail(.undefined, undefined.message) }
            guard let wanted = item.asText else {
                throw fail(.type, "'in <string>' requires string as left operand, not \(item.typeName)")
            }
            return text.find(wanted) != nil
        case .mapping(let mapping): return mapping.contains(try key(item))
        case .sequence(let sequence):
            for candidate in sequence.drain() where try equal(candidate, item) { return true }
            return false
        default: throw fail(.type, "argument of type '\(container.typeName)' is not iterable")
        }
    }
}
