// `value is name(arguments)`
extension Renderer {
    func test(_ name: String, _ subject: Value, _ arguments: Arguments) throws(ChatTemplateError) -> Bool {
        if let comparison = Self.comparisonTests[name] {
            let other = try arguments.bound(to: ["other"], of: "test '\(name)'", required: 1, self)[0] ?? .none
            return try compare(comparison, subject, other)
        }
        switch name {
        case "divisibleby":
            let number = try arguments.bound(to: ["num"], of: "test 'divisibleby'", required: 1, self)[0] ?? .none
            return try equal(try arithmetic(.modulo, try numeric(subject), number), .int(0))
        case "sameas":
            let other = try arguments.bound(to: ["other"], of: "test 'sameas'", required: 1, self)[0] ?? .none
            return try isSame(subject, other)
        case "filter", "test":
            guard let wanted = subject.asText?.string else { return false }
            return name == "filter" ? Self.filterNames.contains(wanted) : Self.isTest(wanted)
        default: break
        }
        guard let plain = try plainTest(name, subject) else {
            throw fail(.unknownTest, "no test named '\(name)'")
        }
        _ = try arguments.bound(to: [], of: "test '\(name)'", self)
        return plain
    }

    private static let comparisonTests: [String: Comparison] = [
        "==": .equal, "eq": .equal, "equalto": .equal, "!=": .notEqual, "ne": .notEqual, ">": .greater,
        "gt": .greater, "greaterthan": .greater, ">=": .greaterOrEqual, "ge": .greaterOrEqual, "<": .less,
        "lt": .less, "lessthan": .less, "<=": .lessOrEqual, "le": .lessOrEqual, "in": .contained,
    ]
    private static let otherTests: Set<String> = [
        "divisibleby", "sameas", "filter", "test", "defined", "undefined", "none", "boolean", "true", "false",
        "integer", "float", "number", "string", "mapping", "sequence", "iterable", "callable", "lower", "upper", "odd",
        "even", "escaped",
    ]
    private static func isTest(_ name: String) -> Bool { comparisonTests[name] != nil || otherTests.contains(name) }

    private func numeric(_ value: Value) throws(ChatTemplateError) -> Value {
        if case .undefined(let undefined) = value { throw fail(.undefined, undefined.message) }
        guard value.asDouble != nil else { throw fail(.type, "a number is needed, not '\(value.typeName)'") }
        return value
    }

    private func isSame(_ a: Value, _ b: Value) throws(ChatTemplateError) -> Bool {
        switch (a, b) {
        case (.none, .none): return true
        case (.bool(let x), .bool(let y)): return x == y
        case (.int(let x), .int(let y)): return x == y
        case (.double(let x), .double(let y)): return x == y
        case (.text(let x), .text(let y)): return x == y
        case (.sequence(let x), .sequence(let y)): return x === y
        case (.mapping(let x), .mapping(let y)): return x === y
        case (.namespace, .namespace), (.loop, .loop), (.callable, .callable): return try equal(a, b)
        default: return false
        }
    }

    /// Tests without arguments; nil when there is none of this name.
    private func plainTest(_ name: String, _ subject: Value) throws(ChatTemplateError) -> Bool? {
        switch name {
        case "defined": return !subject.isUndefined
        case "undefined": return subject.isUndefined
        case "none": if case .none = subject { return true } else { return false }
        case "boolean": if case .bool = subject { return true } else { return false }
        case "true": if case .bool(true) = subject { return true } else { return false }
        case "false": if case .bool(false) = subject { return true } else { return false }
        case "integer": if case .int = subject { return true } else { return false }
        case "float": if case .double = subject { return true } else { return false }
        case "number": return subject.asDouble != nil
        case "string": return subject.asText != nil
        case "mapping": if case .mapping = subject { return true } else { return false }
        case "escaped": return false
        case "callable":
            switch subject {
            // Jinja's Undefined has a `__call__`, though it only fails.
            case .callable, .undefined: return true
            case .loop: return true
            default: return false
            }
        case "iterable":
            switch subject {
            case .undefined, .text, .sequence, .mapping, .loop: return true
            default: return false
            }
        case "sequence":
            switch subject {
            case .undefined, .text, .mapping: return true
            case .sequence(let sequence): return sequence.kind.isIndexable
            default: return false
            }
        case "lower", "upper":
            return Self.isCased(try string(subject), upper: name == "upper")
        case "odd", "even":
            let remainder = try arithmetic(.modulo, try numeric(subject), .int(2))
            return try equal(remainder, .int(name == "odd" ? 1 : 0))
        default: return nil
        }
    }

    /// Whether there are letters with case and all of them have this one.
    static func isCased(_ text: Text, upper: Bool) -> Bool {
        var found = false
        for scalar in text.string.unicodeScalars where scalar.properties.isCased {
            let isUpper = scalar.properties.isUppercase
            let isLower = scalar.properties.isLowercase
            guard upper ? isUpper && !isLower : isLower && !isUpper else { return false }
            found = true
        }
        return found
    }
}
