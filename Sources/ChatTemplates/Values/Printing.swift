// How Python prints values: `str` and `repr`.
extension Unicode.Scalar {
    /// Whether Python's `repr` shows it as it is.
    var isPythonPrintable: Bool {
        if self == " " { return true }
        switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator:
            return false
        default: return true
        }
    }

    private func hex(_ digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }

    /// As `repr` shows it inside a text: itself, or an escape.
    func escaped(asASCII: Bool) -> String {
        switch self {
        case "\n": return "\\n"
        case "\r": return "\\r"
        case "\t": return "\\t"
        case "\\": return "\\\\"
        default: break
        }
        if asASCII ? value >= 0x20 && value < 0x7F : isPythonPrintable { return String(self) }
        return value < 0x100 ? "\\x" + hex(2) : value < 0x10000 ? "\\u" + hex(4) : "\\U" + hex(8)
    }
}

extension Text {
    /// Python's `repr` of a text.
    var represented: Text {
        let quote: Unicode.Scalar =
            bytes.contains(UInt8(ascii: "'")) && !bytes.contains(UInt8(ascii: "\"")) ? "\"" : "'"
        var result = Text(quote)
        for scalar in string.unicodeScalars {
            if scalar == quote { result.append(Text("\\")) }
            if scalar == quote || (scalar.value >= 0x20 && scalar.value < 0x7F && scalar != "\\") {
                result.append(scalar)
            } else {
                result.append(Text(scalar.escaped(asASCII: false)))
            }
        }
        result.append(quote)
        return result
    }
}

extension Renderer {
    /// Python's `str`, which is what output prints.
    func string(_ value: Value) throws(ChatTemplateError) -> Text {
        switch value {
        case .text(let text): return text
        case .undefined: return Text(bytes: [])
        default:
            var result = Text(bytes: [])
            try represent(value, into: &result, depth: 0)
            return result
        }
    }

    /// `repr` for messages: short, and never fails.
    func represented(_ value: Value) -> Text {
        switch value {
        case .int, .double, .bool, .none: (try? string(value)) ?? Text(value.typeName)
        case .text(let text): text.slice(0..<min(text.bytes.count, 60)).represented
        default: Text(value.typeName)
        }
    }

    /// Python's `repr`.
    func represent(_ value: Value, into result: inout Text, depth: Int) throws(ChatTemplateError) {
        try step()
        switch value {
        case .undefined: result.append(Text("Undefined"))
        case .none: result.append(Text("None"))
        case .bool(let bool): result.append(Text(bool ? "True" : "False"))
        case .int(let int): result.append(Text("\(int)"))
        case .double(let double): result.append(Text(FloatText.represented(double)))
        case .text(let text):
            try look(value)
            result.append(text.represented)
        case .sequence(let sequence): try represent(sequence, into: &result, depth: depth)
        case .mapping(let mapping):
            try represent(Array(zip(mapping.keys, mapping.values)), "{", "}", into: &result, depth: depth)
        case .namespace(let namespace):
            let fields = namespace.fields
            try represent(Array(zip(fields.keys, fields.values)), "<Namespace {", "}>", into: &result, depth: depth)
        case .loop(let loop): result.append(Text("<LoopContext \(loop.index + 1)/\(loop.items.count)>"))
        case .callable(let callable):
            guard case .macro(let macro) = callable.kind else {
                throw fail(.type, "a \(value.typeName) has no printable form; call it with ()")
            }
            result.append(Text("<Macro '\(macro.name)'>"))
        }
        try checkText(result.bytes.count)
    }

    private func represent(
        _ sequence: SequenceValue, into result: inout Text, depth: Int
    ) throws(ChatTemplateError) {
        let open: StaticString
        let close: StaticString
        switch sequence.kind {
        case .list: (open, close) = ("[", "]")
        case .tuple: (open, close) = ("(", sequence.items.count == 1 ? ",)" : ")")
        case .keys: (open, close) = ("dict_keys([", "])")
        case .values: (open, close) = ("dict_values([", "])")
        case .items: (open, close) = ("dict_items([", "])")
        case .range(let start, let stop, let step):
            return result.append(Text("range(\(start), \(stop)\(step == 1 ? "" : ", \(step)"))"))
        case .generator: throw fail(.type, "a generator has no printable form; add |list")
        }
        result.append(Text(stringLiteral: open))
        for (index, item) in sequence.items.enumerated() {
            if index > 0 { result.append(Text(", ")) }
            try represent(item, into: &result, depth: depth + 1)
        }
        result.append(Text(stringLiteral: close))
    }

    private func represent(
        _ pairs: [(Value, Value)], _ open: StaticString, _ close: StaticString, into result: inout Text, depth: Int
    ) throws(ChatTemplateError) {
        // Only namespaces can nest without end, in themselves.
        guard depth <= 2 * limits.nesting else {
            throw fail(.nestingTooDeep, "values nest deeper than \(2 * limits.nesting)")
        }
        result.append(Text(stringLiteral: open))
        for (index, (name, item)) in pairs.enumerated() {
            if index > 0 { result.append(Text(", ")) }
            try represent(name, into: &result, depth: depth + 1)
            result.append(Text(": "))
            try represent(item, into: &result, depth: depth + 1)
        }
        result.append(Text(stringLiteral: close))
    }
}
