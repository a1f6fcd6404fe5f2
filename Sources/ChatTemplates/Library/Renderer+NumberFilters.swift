// Filters that make numbers.
extension Renderer {
    func numberFilter(_ name: String, _ input: Value, _ arguments: Arguments) throws(ChatTemplateError) -> Value? {
        switch name {
        case "length", "count":
            _ = try bind(name, [], arguments)
            return .int(try length(input))
        case "abs":
            _ = try bind(name, [], arguments)
            if case .double(let double) = input { return .double(double.magnitude) }
            if case .undefined(let undefined) = input { throw fail(.undefined, undefined.message) }
            guard let int = input.asInt else { throw fail(.type, "bad operand type for abs(): '\(input.typeName)'") }
            return int < 0 ? try negated(.int(int)) : .int(int)
        case "int": return try int(input, try bind(name, ["default", "base"], arguments))
        case "float":
            let fallback = try bind(name, ["default"], arguments)[0] ?? .double(0)
            switch input {
            case .undefined(let undefined): throw fail(.undefined, undefined.message)
            case .text(let text): return FloatText.parsed(text).map(Value.double) ?? fallback
            default: return input.asDouble.map(Value.double) ?? fallback
            }
        case "round": return try rounded(input, try bind(name, ["precision", "method"], arguments))
        case "sum":
            let given = try bind(name, ["attribute", "start"], arguments)
            var items = try iterated(input)
            if let path = given[0], !isNone(path) { items = try attributes(path, of: items) }
            var total = given[1] ?? .int(0)
            if total.asText != nil { throw fail(.type, "sum() can't sum strings [use ''.join(seq) instead]") }
            for item in items { total = try arithmetic(.plus, total, item) }
            return total
        default: return nil
        }
    }

    func isNone(_ value: Value) -> Bool { if case .none = value { true } else { false } }

    private func int(_ input: Value, _ given: [Value?]) throws(ChatTemplateError) -> Value {
        let fallback = given[0] ?? .int(0)
        let base = try integer(given[1], 10, "base")
        func whole(_ double: Double) throws(ChatTemplateError) -> Value {
            guard double.isFinite else { return fallback }
            guard let int = Int(exactly: double.rounded(.towardZero)) else {
                throw fail(.arithmetic, "\(FloatText.represented(double)) does not fit in 64 bits as an integer")
            }
            return .int(int)
        }
        switch input {
        case .undefined(let undefined): throw fail(.undefined, undefined.message)
        case .text(let text):
            guard base == 0 || (2...36).contains(base) else { throw fail(.value, "int() base must be >= 2 and <= 36") }
            let (int, isNumber) = FloatText.integer(text, base: base)
            if let int { return .int(int) }
            if isNumber { throw fail(.arithmetic, "the number in the text does not fit in 64 bits") }
            guard let double = FloatText.parsed(text) else { return fallback }
            return try whole(double)
        case .double(let double):
            guard !double.isInfinite else { throw fail(.arithmetic, "cannot convert float infinity to integer") }
            return try whole(double)
        default: return input.asInt.map(Value.int) ?? fallback
        }
    }

    private func rounded(_ input: Value, _ given: [Value?]) throws(ChatTemplateError) -> Value {
        let places = try integer(given[0], 0, "precision")
        let method = try given[1].map { value throws(ChatTemplateError) in try string(value).string } ?? "common"
        if case .undefined(let undefined) = input { throw fail(.undefined, undefined.message) }
        guard let value = input.asDouble else {
            throw fail(.type, "type \(input.typeName) doesn't define __round__ method")
        }
        switch method {
        case "common":
            guard let int = input.asInt else { return .double(FloatText.rounded(value, places: places)) }
            if places >= 0 { return .int(int) }
            guard places > -19 else { return .int(0) }
            var scale = 1
            for _ in 0..<(-places) { scale *= 10 }
            // To the nearest multiple, ties to the even one.
            var quotient = int / scale
            let remainder = int % scale
            let twice = remainder.magnitude * 2
            if twice > scale.magnitude || (twice == scale.magnitude && quotient % 2 != 0) {
                quotient += int < 0 ? -1 : 1
            }
            return try arithmetic(.multiply, .int(quotient), .int(scale))
        case "ceil", "floor":
            // `ceil(value * 10 ** precision) / 10 ** precision`, as Jinja computes it.
            let scale = FloatText.power(10, Double(places))
            let scaled = value * scale
            guard scaled.isFinite, scale != 0 else { throw fail(.arithmetic, "the number is too large to round") }
            return .double(scaled.rounded(method == "ceil" ? .up : .down) / scale)
        default: throw fail(.value, "method must be common, ceil or floor")
        }
    }
}
