// Methods of Python's `str`.
extension Renderer {
    func textMethod(_ name: String, _ text: Text, _ arguments: Arguments) throws(ChatTemplateError) -> Value {
        switch name {
        case "strip", "lstrip", "rstrip":
            let characters = try bind(method: name, ["chars"], arguments)[0]
            return try makeText(
                try trimmed(text, characters, "\(name) arg", start: name != "rstrip", end: name != "lstrip"))
        case "upper", "lower", "title", "capitalize", "swapcase", "casefold":
            _ = try bind(method: name, [], arguments)
            return try makeText(Self.recased(text, name))
        case "split", "rsplit": return try split(name, text, arguments)
        case "splitlines":
            let keeps = try bind(method: name, ["keepends"], arguments)[0]?.isTrue ?? false
            return try texts(text.splitLines(keepingEnds: keeps))
        case "partition", "rpartition": return try partition(name, text, arguments)
        case "startswith", "endswith": return try .bool(hasEnd(name, text, arguments))
        case "replace":
            let given = try bind(method: name, ["old", "new", "count"], arguments, required: 2)
            return try replaced(
                text, try requiredText(given[0], "replace() argument 1"),
                try requiredText(given[1], "replace() argument 2"), count: try integer(given[2], -1, "count"))
        case "join":
            let items = try iterated(try bind(method: name, ["iterable"], arguments, required: 1)[0] ?? .none)
            return try joined(items, text) { item throws(ChatTemplateError) in
                try requiredText(item, "sequence item")
            }
        case "format": return try makeText(try formatted(text, arguments))
        case "find", "rfind", "index", "rindex", "count": return try search(name, text, arguments)
        case "zfill", "ljust", "rjust", "center": return try justified(name, text, arguments)
        case "removeprefix", "removesuffix":
            let affix = try requiredText(try bind(method: name, ["affix"], arguments, required: 1)[0], "the affix")
            if name == "removeprefix", text.hasPrefix(affix) {
                return try makeText(text.slice(affix.bytes.count..<text.bytes.count))
            }
            if name == "removesuffix", text.hasSuffix(affix) {
                return try makeText(text.slice(0..<text.bytes.count - affix.bytes.count))
            }
            return .text(text)
        default:
            _ = try bind(method: name, [], arguments)
            return .bool(Self.isMade(text, name))
        }
    }

    private static func recased(_ text: Text, _ name: String) -> Text {
        switch name {
        case "upper": text.uppercased
        case "title": text.titlecased
        case "capitalize": text.capitalized
        case "swapcase": text.swappedCase
        case "casefold": Text(bytes: text.lowercased.string.flatMap { $0 == "ß" ? Array("ss".utf8) : Array($0.utf8) })
        default: text.lowercased
        }
    }

    private static func isMade(_ text: Text, _ name: String) -> Bool {
        let all = text.string.unicodeScalars
        guard !all.isEmpty else { return false }
        switch name {
        case "isdigit": return all.allSatisfy(\.isPythonDigit)
        case "isdecimal": return all.allSatisfy(\.isPythonDecimal)
        case "isnumeric": return all.allSatisfy(\.isPythonNumeric)
        case "isalpha": return all.allSatisfy(\.isPythonAlphabetic)
        case "isalnum": return all.allSatisfy { $0.isPythonAlphabetic || $0.isPythonNumeric }
        case "isspace": return all.allSatisfy(\.isPythonSpace)
        default: return isCased(text, upper: name == "isupper")
        }
    }

    private func texts(_ parts: [Text]) throws(ChatTemplateError) -> Value {
        try checkItems(parts.count)
        try charge(bytes: parts.count * 48 + parts.reduce(0) { $0 + $1.bytes.count })
        return try makeList(parts.map { .text($0) })
    }

    private func split(_ name: String, _ text: Text, _ arguments: Arguments) throws(ChatTemplateError) -> Value {
        let given = try bind(method: name, ["sep", "maxsplit"], arguments)
        let limit = try integer(given[1], -1, "maxsplit")
        if let separator = given[0], !isNone(separator) {
            let separator = try requiredText(separator, "the separator")
            guard !separator.isEmpty else { throw fail(.value, "empty separator") }
            return try texts(
                name == "split"
                    ? text.split(on: separator, limit: limit) : text.splitFromEnd(on: separator, limit: limit))
        }
        return try texts(text.words(limit: limit, fromEnd: name == "rsplit"))
    }

    private func partition(_ name: String, _ text: Text, _ arguments: Arguments) throws(ChatTemplateError) -> Value {
        let separator = try requiredText(
            try bind(method: name, ["sep"], arguments, required: 1)[0], "the separator")
        guard !separator.isEmpty else { throw fail(.value, "empty separator") }
        let parts =
            name == "partition" ? text.split(on: separator, limit: 1) : text.splitFromEnd(on: separator, limit: 1)
        let three: [Text]
        if parts.count == 2 {
            three = [parts[0], separator, parts[1]]
        } else {
            three = name == "partition" ? [text, "", ""] : ["", "", text]
        }
        try charge(bytes: text.bytes.count)
        return try makeTuple(three.map { .text($0) })
    }

    /// The part of a text that `start` and `end` arguments choose, and where it begins, in scalars.
    private func window(
        _ text: Text, _ start: Value?, _ end: Value?
    ) throws(ChatTemplateError) -> (text: Text, start: Int)? {
        if start == nil, end == nil { return (text, 0) }
        let scalars = text.scalars
        func bound(_ value: Value?, _ fallback: Int) throws(ChatTemplateError) -> Int {
            guard let value, !isNone(value) else { return fallback }
            let index = try integer(value, 0, "slice index")
            return index < 0 ? max(0, index + scalars.count) : index
        }
        let lower = try bound(start, 0)
        let upper = min(try bound(end, scalars.count), scalars.count)
        guard lower <= upper else { return nil }
        return (Text(scalars: scalars[lower..<upper]), lower)
    }

    private func hasEnd(_ name: String, _ text: Text, _ arguments: Arguments) throws(ChatTemplateError) -> Bool {
        let given = try bind(method: name, ["prefix", "start", "end"], arguments, required: 1)
        guard let (part, _) = try window(text, given[1], given[2]) else { return false }
        var candidates = [given[0] ?? .none]
        if case .sequence(let sequence) = candidates[0], sequence.kind == .tuple { candidates = sequence.items }
        for candidate in candidates {
            let wanted = try requiredText(candidate, "\(name) first arg")
            if name == "startswith" ? part.hasPrefix(wanted) : part.hasSuffix(wanted) { return true }
        }
        return false
    }

    private func search(_ name: String, _ text: Text, _ arguments: Arguments) throws(ChatTemplateError) -> Value {
        let given = try bind(method: name, ["sub", "start", "end"], arguments, required: 1)
        let wanted = try requiredText(given[0], "\(name) argument")
        let window = try window(text, given[1], given[2])
        if name == "count" {
            guard let part = window?.text else { return .int(0) }
            if wanted.isEmpty { return .int(part.length + 1) }
            return .int(part.split(on: wanted, limit: -1).count - 1)
        }
        if let (part, start) = window, let at = name.hasPrefix("r") ? part.findLast(wanted) : part.find(wanted) {
            return .int(start + part.slice(0..<at).length)
        }
        if name.hasSuffix("index") { throw fail(.value, "substring not found") }
        return .int(-1)
    }

    private func justified(_ name: String, _ text: Text, _ arguments: Arguments) throws(ChatTemplateError) -> Value {
        let given = try bind(
            method: name, name == "zfill" ? ["width"] : ["width", "fillchar"], arguments, required: 1)
        let width = try integer(given[0], 0, "width")
        try checkText(width)
        let missing = max(0, width - text.length)
        if name == "zfill" {
            let hasSign = text.bytes.first == UInt8(ascii: "-") || text.bytes.first == UInt8(ascii: "+")
            let head = hasSign ? text.slice(0..<1) : Text(bytes: [])
            let zeros = Text(bytes: Array(repeating: UInt8(ascii: "0"), count: missing))
            return try makeText(
                Text(bytes: head.bytes + zeros.bytes + text.bytes.dropFirst(head.bytes.count)))
        }
        let fill = try given[1].map { value throws(ChatTemplateError) in try requiredText(value, "fillchar") } ?? " "
        guard fill.length == 1, let scalar = fill.string.unicodeScalars.first else {
            throw fail(.type, "The fill character must be exactly one character long")
        }
        switch name {
        case "ljust": return try padded(text, left: 0, right: missing, scalar)
        case "rjust": return try padded(text, left: missing, right: 0, scalar)
        default: return try centered(text, width, scalar)
        }
    }
}
