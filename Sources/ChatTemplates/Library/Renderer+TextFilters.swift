// Filters that make texts. Jinja's take any value and turn it into a text first.
extension Renderer {
    func textFilter(_ name: String, _ input: Value, _ arguments: Arguments) throws(ChatTemplateError) -> Value? {
        switch name {
        case "upper", "lower", "capitalize", "title", "string", "safe", "wordcount":
            _ = try bind(name, [], arguments)
            let text = try string(input)
            switch name {
            case "upper": return try makeText(text.uppercased)
            case "lower": return try makeText(text.lowercased)
            case "capitalize": return try makeText(text.capitalized)
            case "title": return try makeText(text.wordsCapitalized)
            case "wordcount": return .int(Self.wordCount(text))
            // Nothing is escaped here, so a text marked safe is just the text.
            default: return .text(text)
            }
        case "trim":
            let characters = try bind(name, ["chars"], arguments)[0]
            return try makeText(try trimmed(try string(input), characters, "the filter's argument"))
        case "replace":
            let given = try bind(name, ["old", "new", "count"], arguments, required: 2)
            let count: Int
            if case .some(.none) = given[2] { count = -1 } else { count = try integer(given[2], -1, "count") }
            let text = try string(input)
            return try replaced(
                text, try string(given[0] ?? .none), try string(given[1] ?? .none), count: count)
        case "center":
            let width = try integer(try bind(name, ["width"], arguments)[0], 80, "width")
            return try centered(try string(input), width, " ")
        case "indent": return try indented(input, try bind(name, ["width", "first", "blank"], arguments))
        case "format":
            guard arguments.positional.isEmpty || arguments.named.isEmpty else {
                throw fail(.type, "format can't handle positional and keyword arguments at the same time")
            }
            let values =
                arguments.named.isEmpty
                ? try makeTuple(arguments.positional)
                : try makeMapping(arguments.named.map { (.text($0.name), $0.value) })
            return try makeText(try printf(try string(input), values))
        case "tojson": return try json(input, arguments)
        case "join":
            let given = try bind(name, ["d", "attribute"], arguments)
            let separator = try given[0].map(string) ?? ""
            var items = try iterated(input)
            if let path = given[1] { items = try attributes(path, of: items) }
            return try joined(items, separator) { item throws(ChatTemplateError) in try string(item) }
        default: return nil
        }
    }

    func joined(
        _ items: [Value], _ separator: Text, _ text: (Value) throws(ChatTemplateError) -> Text
    ) throws(ChatTemplateError) -> Value {
        var result = Text(bytes: [])
        for (index, item) in items.enumerated() {
            if index > 0 { result.append(separator) }
            result.append(try text(item))
            try step()
            try checkText(result.bytes.count)
        }
        return try makeText(result)
    }

    func trimmed(
        _ text: Text, _ characters: Value?, _ what: String, start: Bool = true, end: Bool = true
    ) throws(ChatTemplateError) -> Text {
        if case .some(.none) = characters { return text.trimmed(start: start, end: end) }
        guard let characters else { return text.trimmed(start: start, end: end) }
        return text.trimmed(of: try requiredText(characters, what), start: start, end: end)
    }

    func replaced(_ text: Text, _ old: Text, _ new: Text, count: Int) throws(ChatTemplateError) -> Value {
        guard let result = text.replacing(old, with: new, count: count, limit: limits.textBytes) else {
            throw fail(.collectionTooLarge, "a text of more than \(limits.textBytes) bytes")
        }
        return try makeText(result)
    }

    func centered(_ text: Text, _ width: Int, _ fill: Unicode.Scalar) throws(ChatTemplateError) -> Value {
        let length = text.length
        guard width > length else { return .text(text) }
        try checkText(width)
        let missing = width - length
        // Python puts the odd one on the left when the width is odd.
        let left = missing / 2 + (missing & width & 1)
        return try padded(text, left: left, right: missing - left, fill)
    }

    func padded(_ text: Text, left: Int, right: Int, _ fill: Unicode.Scalar) throws(ChatTemplateError) -> Value {
        let one = fill.utf8
        try checkItems(max(left, right) / 16)
        var bytes: [UInt8] = []
        for _ in 0..<max(left, 0) { bytes += one }
        bytes += text.bytes
        for _ in 0..<max(right, 0) { bytes += one }
        return try makeText(Text(bytes: bytes))
    }

    private static func wordCount(_ text: Text) -> Int {
        var count = 0
        var inWord = false
        for scalar in text.string.unicodeScalars {
            // The expression is `\w+`.
            let isWord = scalar == "_" || scalar.isPythonAlphabetic || scalar.isPythonNumeric
            if isWord, !inWord { count += 1 }
            inWord = isWord
        }
        return count
    }

    private func indented(_ input: Value, _ given: [Value?]) throws(ChatTemplateError) -> Value {
        if case .undefined(let undefined) = input { throw fail(.undefined, undefined.message) }
        guard let text = input.asText else {
            throw fail(.type, "unsupported operand type(s) for +=: '\(input.typeName)' and 'str'")
        }
        let indentation: Text
        if let prefix = given[0]?.asText {
            indentation = prefix
        } else {
            let width = max(0, try integer(given[0], 4, "width"))
            try checkText(width)
            indentation = Text(bytes: Array(repeating: UInt8(ascii: " "), count: width))
        }
        let indentsFirst = given[1]?.isTrue ?? false
        let indentsBlank = given[2]?.isTrue ?? false
        var whole = text
        whole.append("\n" as Unicode.Scalar)
        var result = Text(bytes: [])
        if indentsFirst { result.append(indentation) }
        for (index, part) in whole.splitLines(keepingEnds: false).enumerated() {
            if index > 0 {
                result.append("\n" as Unicode.Scalar)
                if indentsBlank || !part.isEmpty { result.append(indentation) }
            }
            result.append(part)
            try checkText(result.bytes.count)
        }
        return try makeText(result)
    }

    private func json(_ input: Value, _ arguments: Arguments) throws(ChatTemplateError) -> Value {
        let given = try bind("tojson", ["ensure_ascii", "indent", "separators", "sort_keys"], arguments)
        var writer = JSONWriter()
        writer.ensureASCII = given[0]?.isTrue ?? false
        switch given[1] {
        case nil, .some(.none): break
        case .some(.text(let indent)): writer.indent = indent
        default:
            let width = max(0, try integer(given[1], 0, "indent"))
            try checkText(width)
            writer.indent = Text(bytes: Array(repeating: UInt8(ascii: " "), count: width))
        }
        if writer.indent != nil { writer.itemSeparator = "," }
        switch given[2] {
        case nil, .some(.none): break
        case .some(let separators):
            let pair = try iterated(separators)
            guard pair.count == 2 else { throw fail(.value, "separators must be two texts") }
            writer.itemSeparator = try requiredText(pair[0], "separators")
            writer.keySeparator = try requiredText(pair[1], "separators")
        }
        writer.sortsKeys = given[3]?.isTrue ?? false
        try writer.write(input, level: 0, self)
        return try makeText(writer.result)
    }
}
