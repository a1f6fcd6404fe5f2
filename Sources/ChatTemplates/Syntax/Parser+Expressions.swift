extension Parser {
    /// Reads an expression, or a tuple when there are commas.
    mutating func tuple(
        withConditional: Bool, endingWords: [String] = [], inParentheses: Bool = false
    ) throws(ChatTemplateError) -> Expression {
        let line = self.line
        var items: [Expression] = []
        var isTuple = false
        while true {
            if !items.isEmpty { try expect(.comma) }
            if isTupleEnd(endingWords) { break }
            items.append(try expression(withConditional: withConditional))
            guard at(.comma) else { break }
            isTuple = true
        }
        if !isTuple {
            if let only = items.first { return only }
            guard inParentheses else { throw unexpected("an expression") }
        }
        return Expression(.tuple(items), line: line)
    }

    @inline(never) private func isTupleEnd(_ words: [String]) -> Bool {
        switch current.kind {
        case .outputEnd, .tagEnd, .symbol(.rightParenthesis): true
        case .name(let name): words.contains(name)
        default: false
        }
    }

    /// Reads an expression; `withConditional` allows `a if b else c`.
    mutating func expression(withConditional: Bool = true) throws(ChatTemplateError) -> Expression {
        try enter()
        defer { leave() }
        let line = self.line
        var value = try disjunction()
        guard withConditional else { return value }
        var chained = 0
        while skipWord("if") {
            let condition = try disjunction()
            var otherwise: Expression?
            if skipWord("else") { otherwise = try expression() }
            value = Expression(.conditional(condition: condition, then: value, otherwise: otherwise), line: line)
            chained += 1
            guard depth + chained <= limits.nesting else {
                throw fail("expressions nest deeper than \(limits.nesting)", .nestingTooDeep)
            }
        }
        return value
    }

    private mutating func disjunction() throws(ChatTemplateError) -> Expression {
        let line = self.line
        var parts = [try conjunction()]
        while skipWord("or") { parts.append(try conjunction()) }
        return parts.count == 1 ? parts[0] : Expression(.or(parts), line: line)
    }

    private mutating func conjunction() throws(ChatTemplateError) -> Expression {
        let line = self.line
        var parts = [try negation()]
        while skipWord("and") { parts.append(try negation()) }
        return parts.count == 1 ? parts[0] : Expression(.and(parts), line: line)
    }

    private mutating func negation() throws(ChatTemplateError) -> Expression {
        let line = self.line
        var negations = 0
        while skipWord("not") { negations += 1 }
        let value = try comparison()
        if negations == 0 { return value }
        let once = Expression(.not(value), line: line)
        // Pairs cancel but still make a truth value.
        return negations % 2 == 1 ? once : Expression(.not(once), line: line)
    }

    private mutating func comparison() throws(ChatTemplateError) -> Expression {
        let line = self.line
        let first = try arithmetic(0)
        var rest: [(operation: Comparison, operand: Expression)] = []
        while let operation = comparisonOperator() { rest.append((operation, try arithmetic(0))) }
        return rest.isEmpty ? first : Expression(.comparison(first, rest), line: line)
    }

    @inline(never) private mutating func comparisonOperator() -> Comparison? {
        let found: Comparison
        switch current.kind {
        case .symbol(.equal): found = .equal
        case .symbol(.notEqual): found = .notEqual
        case .symbol(.less): found = .less
        case .symbol(.lessOrEqual): found = .lessOrEqual
        case .symbol(.greater): found = .greater
        case .symbol(.greaterOrEqual): found = .greaterOrEqual
        case .name("in"): found = .contained
        case .name("not"):
            guard next.kind == .name("in") else { return nil }
            advance()
            found = .notContained
        default: return nil
        }
        advance()
        return found
    }

    /// How tightly arithmetic binds, from 0. Jinja's `~` binds tighter than `+`, and `**` groups to the left.
    private static func level(_ symbol: Token.Symbol) -> Int? {
        switch symbol {
        case .plus, .minus: 0
        case .tilde: 1
        case .multiply, .divide, .floorDivide, .modulo: 2
        case .power: 3
        default: nil
        }
    }

    /// Reads operators that bind at least as tightly as `minimum`. Recurses only where operators nest.
    private mutating func arithmetic(_ minimum: Int) throws(ChatTemplateError) -> Expression {
        let line = self.line
        var value = try unary(withFilters: true)
        while let first = symbol, let level = Self.level(first), level >= minimum {
            var rest: [(operation: Token.Symbol, operand: Expression)] = []
            while let operation = symbol, Self.level(operation) == level {
                advance()
                rest.append((operation, try arithmetic(level + 1)))
            }
            value = Expression(
                first == .tilde ? .concatenation([value] + rest.map(\.operand)) : .arithmetic(value, rest), line: line)
        }
        return value
    }

    private mutating func unary(withFilters: Bool) throws(ChatTemplateError) -> Expression {
        let line = self.line
        var value: Expression
        if at(.minus) || at(.plus) {
            try enter()
            defer { leave() }
            let isMinus = at(.minus)
            advance()
            let operand = try unary(withFilters: false)
            value = Expression(isMinus ? .negative(operand) : .positive(operand), line: line)
        } else {
            value = try primary()
        }
        value = try postfix(value)
        return withFilters ? try filtersAndTests(value) : value
    }

    mutating func primary() throws(ChatTemplateError) -> Expression {
        switch symbol {
        case .leftParenthesis:
            advance()
            let value = try tuple(withConditional: true, inParentheses: true)
            try expect(.rightParenthesis)
            return value
        case .leftBracket: return try list()
        case .leftBrace: return try mapping()
        default: return try literal()
        }
    }

    /// A name, a text or a number.
    @inline(never) private mutating func literal() throws(ChatTemplateError) -> Expression {
        let line = self.line
        switch current.kind {
        case .name(let name):
            advance()
            switch name {
            case "true", "True": return Expression(.bool(true), line: line)
            case "false", "False": return Expression(.bool(false), line: line)
            case "none", "None": return Expression(.none, line: line)
            default: return Expression(.name(nameID(name)), line: line)
            }
        case .string(var text):
            advance()
            while case .string(let more) = current.kind {
                text.append(more)
                advance()
            }
            return Expression(.text(text), line: line)
        case .integer(let value):
            advance()
            return Expression(.int(value), line: line)
        case .float(let value):
            advance()
            return Expression(.double(value), line: line)
        default: throw unexpected("an expression")
        }
    }

    private mutating func list() throws(ChatTemplateError) -> Expression {
        let line = self.line
        advance()
        var items: [Expression] = []
        while !at(.rightBracket) {
            if !items.isEmpty {
                try expect(.comma)
                if at(.rightBracket) { break }
            }
            items.append(try expression())
        }
        try expect(.rightBracket)
        return Expression(.list(items), line: line)
    }

    private mutating func mapping() throws(ChatTemplateError) -> Expression {
        let line = self.line
        advance()
        var items: [(key: Expression, value: Expression)] = []
        while !at(.rightBrace) {
            if !items.isEmpty {
                try expect(.comma)
                if at(.rightBrace) { break }
            }
            let key = try expression()
            try expect(.colon)
            items.append((key, try expression()))
        }
        try expect(.rightBrace)
        return Expression(.mapping(items), line: line)
    }
}
