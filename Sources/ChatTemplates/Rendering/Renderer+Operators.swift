extension Renderer {
    /// The operand when it is not undefined.
    private func defined(_ value: Value) throws(ChatTemplateError) -> Value {
        if case .undefined(let undefined) = value { throw fail(.undefined, undefined.message) }
        return value
    }

    private func overflow(_ operation: Token.Symbol) -> ChatTemplateError {
        fail(.arithmetic, "the result of '\(operation.rawValue)' does not fit in 64 bits")
    }

    func negated(_ value: Value) throws(ChatTemplateError) -> Value {
        let value = try defined(value)
        if case .double(let double) = value { return .double(-double) }
        guard let int = value.asInt else { throw fail(.type, "bad operand type for unary -: '\(value.typeName)'") }
        guard int != .min else { throw overflow(.minus) }
        return .int(-int)
    }

    func unchanged(_ value: Value) throws(ChatTemplateError) -> Value {
        let value = try defined(value)
        if case .double = value { return value }
        guard let int = value.asInt else { throw fail(.type, "bad operand type for unary +: '\(value.typeName)'") }
        return .int(int)
    }

    func arithmetic(_ operation: Token.Symbol, _ a: Value, _ b: Value) throws(ChatTemplateError) -> Value {
        // A text on the left of '%' is a format, and takes undefined values like any other.
        if operation == .modulo, case .text(let format) = a { return try makeText(try printf(format, b)) }
        let (a, b) = (try defined(a), try defined(b))
        if let x = a.asInt, let y = b.asInt { return try integer(operation, x, y) }
        if let x = a.asDouble, let y = b.asDouble { return .double(try double(operation, x, y)) }
        switch (operation, a, b) {
        case (.plus, .text(let x), .text(let y)):
            try checkText(x.bytes.count + y.bytes.count)
            return try makeText(Text(bytes: x.bytes + y.bytes))
        case (.plus, .sequence(let x), .sequence(let y))
        where x.kind == y.kind && (x.kind == .list || x.kind == .tuple):
            try checkItems(x.items.count + y.items.count)
            return try makeSequence(x.kind, x.items + y.items)
        case (.multiply, .text, _), (.multiply, .sequence, _):
            if let count = b.asInt { return try repeated(a, count) }
        case (.multiply, _, .text), (.multiply, _, .sequence):
            if let count = a.asInt { return try repeated(b, count) }
        default: break
        }
        if operation == .plus, case .text = a {
            throw fail(.type, "can only concatenate str (not \"\(b.typeName)\") to str")
        }
        throw fail(
            .type,
            "unsupported operand type(s) for \(operation.rawValue): '\(a.typeName)' and '\(b.typeName)'")
    }

    private func repeated(_ value: Value, _ count: Int) throws(ChatTemplateError) -> Value {
        let times = max(count, 0)
        switch value {
        case .text(let text):
            let (size, overflows) = text.bytes.count.multipliedReportingOverflow(by: times)
            try checkText(overflows ? .max : size)
            var bytes: [UInt8] = []
            bytes.reserveCapacity(size)
            if !text.isEmpty { for _ in 0..<times { bytes += text.bytes } }
            return try makeText(Text(bytes: bytes))
        case .sequence(let sequence) where sequence.kind == .list || sequence.kind == .tuple:
            let (size, overflows) = sequence.items.count.multipliedReportingOverflow(by: times)
            try checkItems(overflows ? .max : size)
            var items: [Value] = []
            if size > 0 { for _ in 0..<times { items += sequence.items } }
            return try makeSequence(sequence.kind, items)
        default: throw fail(.type, "'\(value.typeName)' object cannot be repeated")
        }
    }

    private func integer(_ operation: Token.Symbol, _ x: Int, _ y: Int) throws(ChatTemplateError) -> Value {
        let result: (partialValue: Int, overflow: Bool)
        switch operation {
        case .plus: result = x.addingReportingOverflow(y)
        case .minus: result = x.subtractingReportingOverflow(y)
        case .multiply: result = x.multipliedReportingOverflow(by: y)
        case .divide:
            guard y != 0 else { throw fail(.arithmetic, "division by zero") }
            return .double(Double(x) / Double(y))
        case .floorDivide:
            guard y != 0 else { throw fail(.arithmetic, "integer division or modulo by zero") }
            result = x.dividedReportingOverflow(by: y)
            if !result.overflow, x % y != 0, (x < 0) != (y < 0) { return .int(result.partialValue - 1) }
        case .modulo:
            guard y != 0 else { throw fail(.arithmetic, "integer division or modulo by zero") }
            if y == -1 { return .int(0) }
            let remainder = x % y
            return .int(remainder != 0 && (remainder < 0) != (y < 0) ? remainder + y : remainder)
        case .power:
            if y < 0 { return .double(try double(.power, Double(x), Double(y))) }
            return .int(try power(x, y))
        default: throw fail(.type, "unsupported operator '\(operation.rawValue)'")
        }
        guard !result.overflow else { throw overflow(operation) }
        return .int(result.partialValue)
    }

    private func power(_ base: Int, _ exponent: Int) throws(ChatTemplateError) -> Int {
        if exponent == 0 || base == 1 { return 1 }
        if base == 0 { return 0 }
        if base == -1 { return exponent % 2 == 0 ? 1 : -1 }
        var result = 1
        // Any other base leaves 64 bits within 64 steps.
        for _ in 0..<exponent {
            let (product, overflows) = result.multipliedReportingOverflow(by: base)
            guard !overflows else { throw overflow(.power) }
            result = product
        }
        return result
    }

    private func double(_ operation: Token.Symbol, _ x: Double, _ y: Double) throws(ChatTemplateError) -> Double {
        switch operation {
        case .plus: return x + y
        case .minus: return x - y
        case .multiply: return x * y
        case .divide, .floorDivide, .modulo:
            guard y != 0 else {
                throw fail(.arithmetic, operation == .modulo ? "float modulo" : "float division by zero")
            }
            if operation == .divide { return x / y }
            var remainder = x.truncatingRemainder(dividingBy: y)
            if remainder != 0, (remainder < 0) != (y < 0) { remainder += y }
            if operation == .modulo {
                return remainder == 0 ? (y < 0 ? -0.0 : 0.0) : remainder
            }
            let quotient = (x - remainder) / y
            if quotient == 0 { return x / y < 0 ? -0.0 : 0.0 }
            let floor = quotient.rounded(.down)
            return quotient - floor > 0.5 ? floor + 1 : floor
        case .power:
            if x == 0, y < 0 { throw fail(.arithmetic, "0.0 cannot be raised to a negative power") }
            if x < 0, y.isFinite, y != y.rounded() {
                throw fail(.arithmetic, "a negative number to a broken power is not a real number")
            }
            let result = FloatText.power(x, y)
            guard !result.isInfinite || x.isInfinite || y.isInfinite else {
                throw fail(.arithmetic, "the result of '**' is too large")
            }
            return result
        default: throw fail(.type, "unsupported operator '\(operation.rawValue)'")
        }
    }
}
