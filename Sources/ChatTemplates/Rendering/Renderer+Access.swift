extension Renderer {
    /// `object.name`: what the object's type offers, then an item of that name.
    func attribute(_ name: Text, of object: Value) throws(ChatTemplateError) -> Value {
        switch object {
        case .undefined(let undefined): throw fail(.undefined, undefined.message)
        case .namespace(let namespace):
            if let value = namespace.value(name) { return value }
        case .loop(let loop):
            if let value = try loopAttribute(name.string, loop) { return value }
        case .callable(let callable):
            if case .macro(let macro) = callable.kind, name == "name" { return .text(macro.name) }
            if case .cycler(let items) = callable.kind, name == "current" {
                return items[callable.position % items.count]
            }
        default:
            if hasMethod(name.string, object) { return try makeCallable(.method(object, name), holding: [object]) }
        }
        if case .mapping(let mapping) = object, let value = mapping.value(name) { return value }
        try refuseHidden(name, of: object)
        return missing(name, of: object)
    }

    /// `object[index]`: the item, then an attribute of that name.
    func item(_ index: Value, of object: Value) throws(ChatTemplateError) -> Value {
        switch object {
        case .undefined(let undefined): throw fail(.undefined, undefined.message)
        case .mapping(let mapping):
            if case .sequence(let sequence) = index, sequence.kind != .tuple { break }
            if case .mapping = index { break }
            if let value = mapping.value(try key(index)) { return value }
        case .sequence(let sequence) where sequence.kind.isIndexable:
            if let at = index.asInt, let place = place(at, count: sequence.items.count) {
                return sequence.items[place]
            }
        case .text(let text):
            if let at = index.asInt {
                try look(object)
                let scalars = text.scalars
                if let place = place(at, count: scalars.count) { return .text(Text(scalars[place])) }
            }
        default: break
        }
        if let name = index.asText {
            switch object {
            case .mapping, .sequence, .text, .namespace, .loop: return try attribute(name, of: object)
            default: break
            }
            try refuseHidden(name, of: object)
        }
        if let name = index.asText { return missing(name, of: object) }
        return .undefined(
            Undefined(message: "\(described(object)) has no element \(represented(index).string)"))
    }

    private func place(_ index: Int, count: Int) -> Int? {
        let place = index < 0 ? index + count : index
        return place >= 0 && place < count ? place : nil
    }

    private func described(_ object: Value) -> String {
        if case .none = object { return "None" }
        return "\(object.typeName) object"
    }

    private func missing(_ name: Text, of object: Value) -> Value {
        .undefined(Undefined(message: "'\(described(object))' has no attribute '\(name.string)'"))
    }

    /// Attributes that lead to the host language, and methods that change their object, are out of reach.
    private func refuseHidden(_ name: Text, of object: Value) throws(ChatTemplateError) {
        let isHidden = name.bytes.starts(with: [UInt8(ascii: "_"), UInt8(ascii: "_")])
        let changes: [String]
        switch object {
        case .sequence(let sequence) where sequence.kind == .list:
            changes = ["append", "extend", "insert", "pop", "remove", "clear", "reverse", "sort"]
        case .mapping: changes = ["pop", "popitem", "setdefault", "update", "clear"]
        default: changes = []
        }
        if isHidden || changes.contains(name.string) {
            throw fail(.forbidden, "access to attribute '\(name.string)' of '\(object.typeName)' object is unsafe.")
        }
    }

    private func loopAttribute(_ name: String, _ loop: LoopValue) throws(ChatTemplateError) -> Value? {
        let count = loop.items.count
        switch name {
        case "index": return .int(loop.index + 1)
        case "index0": return .int(loop.index)
        case "revindex": return .int(count - loop.index)
        case "revindex0": return .int(count - loop.index - 1)
        case "first": return .bool(loop.index == 0)
        case "last": return .bool(loop.index == count - 1)
        case "length": return .int(count)
        case "depth": return .int(1)
        case "depth0": return .int(0)
        case "previtem":
            if loop.index > 0 { return loop.items[loop.index - 1] }
            return .undefined(Undefined(message: "there is no previous item"))
        case "nextitem":
            if loop.index + 1 < count { return loop.items[loop.index + 1] }
            return .undefined(Undefined(message: "there is no next item"))
        case "cycle", "changed": return try makeCallable(.method(.loop(loop), Text(name)), holding: [.loop(loop)])
        default: return nil
        }
    }

    /// The items of something that can be iterated.
    func iterated(_ value: Value) throws(ChatTemplateError) -> [Value] {
        try look(value)
        switch value {
        case .undefined: return []
        case .sequence(let sequence): return sequence.drain()
        case .mapping(let mapping): return mapping.keys
        case .text(let text):
            let scalars = text.scalars
            try checkItems(scalars.count)
            try charge(bytes: scalars.count * 64)
            return scalars.map { .text(Text($0)) }
        default: throw fail(.type, "'\(value.typeName)' object is not iterable")
        }
    }

    /// `object[start:stop:step]`
    func slice(_ object: Value, _ bounds: [Value]) throws(ChatTemplateError) -> Value {
        var parts: [Int?] = []
        for bound in bounds {
            if case .none = bound { parts.append(nil); continue }
            guard let int = bound.asInt else {
                if case .undefined(let undefined) = bound { throw fail(.undefined, undefined.message) }
                throw fail(.type, "slice indices must be integers or None, not \(bound.typeName)")
            }
            parts.append(int)
        }
        if parts[2] == 0 { throw fail(.value, "slice step cannot be zero") }
        try look(object)
        switch object {
        case .undefined(let undefined): throw fail(.undefined, undefined.message)
        case .text(let text):
            let scalars = text.scalars
            let places = Self.places(count: scalars.count, parts)
            return try makeText(Text(scalars: places.map { scalars[$0] }))
        case .sequence(let sequence) where sequence.kind.isIndexable:
            let count = sequence.items.count
            let items = Self.places(count: count, parts).map { sequence.items[$0] }
            guard case .range(let start, _, let stride) = sequence.kind else {
                return try makeSequence(sequence.kind, items)
            }
            // A slice of a range is a range.
            let (lower, upper, step) = Self.bounds(count: count, parts)
            let kind = SequenceValue.Kind.range(
                start: start &+ lower &* stride, stop: start &+ upper &* stride, step: stride &* step)
            return try makeSequence(kind, items)
        default:
            throw fail(.type, "'\(object.typeName)' object cannot be sliced")
        }
    }

    /// Where a Python slice begins and ends and its step, which is not 0.
    private static func bounds(count: Int, _ parts: [Int?]) -> (lower: Int, upper: Int, step: Int) {
        let step = parts[2] ?? 1
        func bounded(_ index: Int?, _ fallback: Int) -> Int {
            guard let index else { return fallback }
            let place = index < 0 ? index.addingReportingOverflow(count).partialValue : index
            return step > 0 ? min(max(place, 0), count) : min(max(place, -1), count - 1)
        }
        return (bounded(parts[0], step > 0 ? 0 : count - 1), bounded(parts[1], step > 0 ? count : -1), step)
    }

    /// The indices a Python slice takes.
    private static func places(count: Int, _ parts: [Int?]) -> [Int] {
        let (start, stop, step) = bounds(count: count, parts)
        var places: [Int] = []
        var at = start
        while step > 0 ? at < stop : at > stop {
            places.append(at)
            let (following, overflows) = at.addingReportingOverflow(step)
            if overflows { break }
            at = following
        }
        return places
    }
}
