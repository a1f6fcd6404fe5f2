// Formats: `'%s' % value` and `'{}'.format(value)`.
extension Renderer {
    /// What stands between `%` and its letter, or after `:` in braces.
    private struct Layout {
        var fill: Unicode.Scalar = " "
        /// `<`, `>`, `^`, `=`; nil for the type's own side.
        var alignment: Unicode.Scalar?
        /// `+` or a space: what positive numbers begin with.
        var sign: Unicode.Scalar?
        var isAlternate = false
        var hasZeros = false
        var groups = false
        var width = 0
        var precision: Int?
    }

    private func number(
        _ scalars: [Unicode.Scalar], _ at: inout Int
    ) throws(ChatTemplateError) -> Int? {
        var value: Int?
        while at < scalars.count, let digit = Self.digit(scalars[at]) {
            let next = (value ?? 0) * 10 + digit
            try checkText(next)
            value = next
            at += 1
        }
        return value
    }

    private static func digit(_ scalar: Unicode.Scalar) -> Int? {
        ("0"..."9").contains(scalar) ? Int(scalar.value) - 0x30 : nil
    }

    // MARK: printf style

    /// `format % values`
    func printf(_ format: Text, _ values: Value) throws(ChatTemplateError) -> Text {
        try look(.text(format))
        var positional: [Value] = [values]
        var isTuple = false
        if case .sequence(let sequence) = values, sequence.kind == .tuple {
            positional = sequence.items
            isTuple = true
        }
        var used = 0
        func take() throws(ChatTemplateError) -> Value {
            guard used < positional.count else { throw fail(.type, "not enough arguments for format string") }
            used += 1
            return positional[used - 1]
        }
        let scalars = format.scalars
        var result = Text(bytes: [])
        var at = 0
        while at < scalars.count {
            guard scalars[at] == "%" else {
                result.append(scalars[at])
                at += 1
                continue
            }
            at += 1
            var layout = Layout()
            var named: Value?
            if at < scalars.count, scalars[at] == "(" {
                guard let end = scalars[at...].firstIndex(of: ")") else {
                    throw fail(.value, "incomplete format key")
                }
                guard case .mapping(let mapping) = values else { throw fail(.type, "format requires a mapping") }
                let name = Text(scalars: scalars[(at + 1)..<end])
                guard let value = mapping.value(name) else { throw fail(.value, "no value for '\(name.string)'") }
                named = value
                at = end + 1
            }
            flags: while at < scalars.count {
                switch scalars[at] {
                case "-": layout.alignment = "<"
                case "+": layout.sign = "+"
                case " ": if layout.sign == nil { layout.sign = " " }
                case "#": layout.isAlternate = true
                case "0": layout.hasZeros = true
                default: break flags
                }
                at += 1
            }
            layout.width = try number(scalars, &at) ?? 0
            if at < scalars.count, scalars[at] == "." {
                at += 1
                layout.precision = try number(scalars, &at) ?? 0
            }
            guard at < scalars.count else { throw fail(.value, "incomplete format") }
            let letter = scalars[at]
            at += 1
            if letter == "%" {
                result.append("%" as Unicode.Scalar)
                continue
            }
            let value: Value
            if let named { value = named } else { value = try take() }
            result.append(try converted(value, letter, layout))
            try checkText(result.bytes.count)
        }
        if used < positional.count, isTuple || (used == 0 && !takesAny(values)) {
            throw fail(.type, "not all arguments converted during string formatting")
        }
        return result
    }

    private func takesAny(_ value: Value) -> Bool {
        switch value {
        case .mapping: true
        case .sequence(let sequence): sequence.kind != .tuple
        default: false
        }
    }

    private func converted(
        _ value: Value, _ letter: Unicode.Scalar, _ layout: Layout
    ) throws(ChatTemplateError) -> Text {
        var layout = layout
        if layout.alignment == nil { layout.alignment = ">" }
        switch letter {
        case "s", "r", "a":
            var text = Text(bytes: [])
            if letter == "s" { text = try string(value) } else { try represent(value, into: &text, depth: 0) }
            if let precision = layout.precision { text = Text(scalars: text.scalars.prefix(precision)) }
            return try aligned(text, layout)
        case "c":
            if let text = value.asText, text.length == 1 { return try aligned(text, layout) }
            guard let int = value.asInt, let scalar = UInt32(exactly: int).flatMap(Unicode.Scalar.init) else {
                throw fail(.type, "%c requires int or char")
            }
            return try aligned(Text(scalar), layout)
        case "d", "i", "u":
            guard let double = value.asDouble else {
                throw fail(.type, "%\(letter) format: a real number is required, not \(value.typeName)")
            }
            guard let int = value.asInt ?? Int(exactly: double.rounded(.towardZero)) else {
                throw fail(.arithmetic, "the number does not fit in 64 bits")
            }
            return try numeric(int < 0, String(int.magnitude), layout)
        case "x", "X", "o":
            guard let int = value.asInt else {
                throw fail(.type, "%\(letter) format: an integer is required, not \(value.typeName)")
            }
            var digits = String(int.magnitude, radix: letter == "o" ? 8 : 16, uppercase: letter == "X")
            if layout.isAlternate { digits = "0\(letter)" + digits }
            return try numeric(int < 0, digits, layout)
        case "f", "F", "e", "E", "g", "G":
            guard let double = value.asDouble else { throw fail(.type, "must be real number, not \(value.typeName)") }
            return try float(double, letter, layout)
        default: throw fail(.value, "unsupported format character '\(letter.escaped(asASCII: false))'")
        }
    }

    private func float(_ value: Double, _ letter: Unicode.Scalar, _ layout: Layout) throws(ChatTemplateError) -> Text {
        let precision = layout.precision ?? 6
        guard precision <= 100 else { throw fail(.value, "precision \(precision) is too large") }
        var layout = layout
        if !value.isFinite { layout.hasZeros = false }
        let digits = FloatText.printed(
            value.magnitude, style: Character(letter), precision: precision, alternate: layout.isAlternate)
        return try numeric(value.sign == .minus && !value.isNaN, digits, layout)
    }

    private func numeric(_ isNegative: Bool, _ digits: String, _ layout: Layout) throws(ChatTemplateError) -> Text {
        var digits = digits
        if layout.groups {
            let whole = digits.prefix { $0.isNumber }
            var grouped = ""
            for (index, digit) in whole.enumerated() {
                if index > 0, (whole.count - index) % 3 == 0 { grouped.append(",") }
                grouped.append(digit)
            }
            digits = grouped + digits.dropFirst(whole.count)
        }
        let sign = isNegative ? "-" : layout.sign.map { String($0) } ?? ""
        if layout.hasZeros, layout.alignment != "<" {
            let missing = max(0, layout.width - sign.utf8.count - digits.utf8.count)
            return Text(sign + String(repeating: "0", count: missing) + digits)
        }
        return try aligned(Text(sign + digits), layout)
    }

    private func aligned(_ text: Text, _ layout: Layout) throws(ChatTemplateError) -> Text {
        let missing = layout.width - text.length
        guard missing > 0 else { return text }
        let left: Int
        switch layout.alignment {
        case "<": left = 0
        case "^": left = missing / 2
        default: left = missing
        }
        return try padded(text, left: left, right: missing - left, layout.fill).asText ?? text
    }

    // MARK: Braces

    /// `text.format(arguments)`
    func formatted(_ format: Text, _ arguments: Arguments) throws(ChatTemplateError) -> Text {
        let scalars = format.scalars
        var result = Text(bytes: [])
        var at = 0
        var automatic = 0
        while at < scalars.count {
            let scalar = scalars[at]
            at += 1
            if scalar == "{" || scalar == "}", at < scalars.count, scalars[at] == scalar {
                result.append(scalar)
                at += 1
            } else if scalar == "}" {
                throw fail(.value, "Single '}' encountered in format string")
            } else if scalar == "{" {
                guard let end = scalars[at...].firstIndex(of: "}") else {
                    throw fail(.value, "expected '}' before end of string")
                }
                result.append(try field(Array(scalars[at..<end]), arguments, &automatic))
                at = end + 1
            } else {
                result.append(scalar)
            }
            try checkText(result.bytes.count)
        }
        return result
    }

    private func field(
        _ scalars: [Unicode.Scalar], _ arguments: Arguments, _ automatic: inout Int
    ) throws(ChatTemplateError) -> Text {
        try step()
        guard !scalars.contains("{") else { throw fail(.value, "fields inside format fields are not supported") }
        let parts = scalars.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let head = parts[0].split(separator: "!", maxSplits: 1, omittingEmptySubsequences: false)
        let name = Text(scalars: head[0])
        guard !name.bytes.contains(UInt8(ascii: ".")), !name.bytes.contains(UInt8(ascii: "[")) else {
            throw fail(.forbidden, "attributes and items inside format fields are not supported")
        }
        let value: Value
        if name.isEmpty || name.bytes.allSatisfy({ (0x30...0x39).contains($0) }) {
            let index = name.isEmpty ? automatic : Int(name.string) ?? -1
            if name.isEmpty { automatic += 1 }
            guard arguments.positional.indices.contains(index) else {
                throw fail(.value, "Replacement index \(name.isEmpty ? "\(index)" : name.string) out of range")
            }
            value = arguments.positional[index]
        } else if let found = arguments.named.first(where: { $0.name == name })?.value {
            value = found
        } else {
            throw fail(.value, "no argument named '\(name.string)' for the format")
        }
        var subject = value
        if head.count == 2 {
            switch String(String.UnicodeScalarView(head[1])) {
            case "s": subject = .text(try string(value))
            case "r":
                var text = Text(bytes: [])
                try represent(value, into: &text, depth: 0)
                subject = .text(text)
            default: throw fail(.value, "unknown conversion in a format field")
            }
        }
        return try laidOut(subject, parts.count == 2 ? Array(parts[1]) : [])
    }

    /// A value by a specification such as `>10`, `.2f`, `05d`.
    private func laidOut(_ value: Value, _ spec: [Unicode.Scalar]) throws(ChatTemplateError) -> Text {
        if spec.isEmpty { return try string(value) }
        var layout = Layout()
        var at = 0
        let sides: [Unicode.Scalar] = ["<", ">", "^", "="]
        if spec.count > 1, sides.contains(spec[1]) {
            layout.fill = spec[0]
            layout.alignment = spec[1]
            at = 2
        } else if sides.contains(spec[0]) {
            layout.alignment = spec[0]
            at = 1
        }
        func skip(_ scalar: Unicode.Scalar) -> Bool {
            guard at < spec.count, spec[at] == scalar else { return false }
            at += 1
            return true
        }
        if skip("+") { layout.sign = "+" } else if skip(" ") { layout.sign = " " } else { _ = skip("-") }
        layout.isAlternate = skip("#")
        if skip("0"), layout.alignment == nil { layout.hasZeros = true }
        layout.width = try number(spec, &at) ?? 0
        layout.groups = skip(",")
        if skip(".") { layout.precision = try number(spec, &at) ?? 0 }
        let letter = at < spec.count ? spec[at] : nil
        guard at + 1 >= spec.count, layout.alignment != "=" else { throw fail(.value, "Invalid format specifier") }
        if let text = value.asText {
            guard letter == nil || letter == "s" else {
                throw fail(.value, "Unknown format code '\(letter.map { String($0) } ?? "")' for object of type 'str'")
            }
            if layout.alignment == nil { layout.alignment = "<" }
            return try aligned(
                layout.precision.map { Text(scalars: text.scalars.prefix($0)) } ?? text, layout)
        }
        if case .bool = value, letter == nil { return try laidOutNumber(value, "d", layout) }
        guard value.asDouble != nil else {
            throw fail(.type, "unsupported format string passed to \(value.typeName).__format__")
        }
        if letter == nil, case .double(let double) = value, layout.precision == nil {
            let digits = FloatText.represented(double.magnitude)
            return try numeric(double.sign == .minus, digits, layout)
        }
        return try laidOutNumber(value, letter ?? (value.asInt == nil ? "g" : "d"), layout)
    }

    private func laidOutNumber(
        _ value: Value, _ letter: Unicode.Scalar, _ layout: Layout
    ) throws(ChatTemplateError) -> Text {
        switch letter {
        case "%":
            var layout = layout
            layout.width = max(0, layout.width - 1)
            var text = try float((value.asDouble ?? 0) * 100, "f", layout)
            text.append("%" as Unicode.Scalar)
            return text
        case "b":
            guard let int = value.asInt else {
                throw fail(.value, "Unknown format code 'b' for object of type 'float'")
            }
            return try numeric(int < 0, (layout.isAlternate ? "0b" : "") + String(int.magnitude, radix: 2), layout)
        case "d", "x", "X", "o":
            guard value.asInt != nil else {
                throw fail(.value, "Unknown format code '\(letter)' for object of type 'float'")
            }
            return try converted(value, letter, layout)
        case "f", "F", "e", "E", "g", "G": return try converted(value, letter, layout)
        default: throw fail(.value, "Unknown format code '\(letter.escaped(asASCII: false))'")
        }
    }
}
