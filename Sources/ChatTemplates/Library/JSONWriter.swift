/// Python's `json.dumps`, as the filter `tojson` of transformers calls it.
struct JSONWriter {
    var ensureASCII = false
    /// What one level of indentation is; nil for everything on one line.
    var indent: Text?
    var itemSeparator: Text = ", "
    var keySeparator: Text = ": "
    var sortsKeys = false
    var result = Text(bytes: [])

    mutating func write(_ value: Value, level: Int, _ renderer: Renderer) throws(ChatTemplateError) {
        try renderer.step()
        switch value {
        case .none: result.append(Text("null"))
        case .bool(let bool): result.append(Text(bool ? "true" : "false"))
        case .int(let int): result.append(Text("\(int)"))
        case .double(let double): result.append(Text(Self.number(double)))
        case .text(let text):
            try renderer.look(value)
            writeText(text)
        case .sequence(let sequence) where sequence.kind == .list || sequence.kind == .tuple:
            guard !sequence.items.isEmpty else { return result.append(Text("[]")) }
            result.append(Text("["))
            for (index, item) in sequence.items.enumerated() {
                if index > 0 { result.append(itemSeparator) }
                breakLine(level + 1)
                try write(item, level: level + 1, renderer)
            }
            breakLine(level)
            result.append(Text("]"))
        case .mapping(let mapping): try write(mapping, level: level, renderer)
        default: throw renderer.fail(.type, "Object of type \(value.typeName) is not JSON serializable")
        }
        try renderer.checkText(result.bytes.count)
    }

    private mutating func write(_ mapping: MappingValue, level: Int, _ renderer: Renderer) throws(ChatTemplateError) {
        guard mapping.count > 0 else { return result.append(Text("{}")) }
        var members = Array(zip(mapping.keys, mapping.values))
        if sortsKeys { members = try renderer.sorted(members) { $0.0 } }
        result.append(Text("{"))
        for (index, (name, value)) in members.enumerated() {
            if index > 0 { result.append(itemSeparator) }
            breakLine(level + 1)
            switch name {
            case .text(let text): writeText(text)
            case .none: writeText("null")
            case .bool(let bool): writeText(Text(bool ? "true" : "false"))
            case .int(let int): writeText(Text("\(int)"))
            case .double(let double): writeText(Text(Self.number(double)))
            default:
                throw renderer.fail(
                    .type, "keys must be str, int, float, bool or None, not \(name.typeName)")
            }
            result.append(keySeparator)
            try write(value, level: level + 1, renderer)
        }
        breakLine(level)
        result.append(Text("}"))
    }

    private mutating func breakLine(_ level: Int) {
        guard let indent else { return }
        result.append(Text("\n"))
        for _ in 0..<level { result.append(indent) }
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
        return FloatText.represented(value)
    }

    private mutating func writeText(_ text: Text) {
        func escape(_ unit: UInt32) -> Text {
            let hex = String(unit, radix: 16)
            return Text("\\u" + String(repeating: "0", count: max(0, 4 - hex.count)) + hex)
        }
        result.append(Text("\""))
        for scalar in text.string.unicodeScalars {
            switch scalar {
            case "\"": result.append(Text("\\\""))
            case "\\": result.append(Text("\\\\"))
            case "\n": result.append(Text("\\n"))
            case "\r": result.append(Text("\\r"))
            case "\t": result.append(Text("\\t"))
            case "\u{8}": result.append(Text("\\b"))
            case "\u{C}": result.append(Text("\\f"))
            default:
                if scalar.value < 0x20 || (ensureASCII && scalar.value > 0x7E) {
                    for unit in String(scalar).utf16 { result.append(escape(UInt32(unit))) }
                } else {
                    result.append(scalar)
                }
            }
        }
        result.append(Text("\""))
    }
}
