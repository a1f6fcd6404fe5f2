// What follows a value: attributes, items, calls, filters and tests.
extension Parser {
    /// One more link of a chain such as `a.b.c|d`, which nests as deep as it is long.
    @inline(never) private mutating func link(_ count: inout Int) throws(ChatTemplateError) {
        count += 1
        guard depth + count <= limits.nesting else {
            throw fail("expressions nest deeper than \(limits.nesting)", .nestingTooDeep)
        }
    }

    mutating func postfix(_ first: Expression) throws(ChatTemplateError) -> Expression {
        var value = first
        var links = 0
        while true {
            switch symbol {
            case .dot, .leftBracket: value = try subscripted(value)
            case .leftParenthesis: value = try call(value)
            default: return value
            }
            try link(&links)
        }
    }

    mutating func filtersAndTests(_ first: Expression) throws(ChatTemplateError) -> Expression {
        var value = first
        var links = 0
        while true {
            if skip(.pipe) {
                let filter = try filterCall()
                value = Expression(.filter(value, filter), line: filter.line)
            } else if atWord("is") {
                value = try test(value)
            } else if at(.leftParenthesis) {
                value = try call(value)
            } else {
                return value
            }
            try link(&links)
        }
    }

    /// Filters of a block tag: `{% filter upper|trim %}`, `{% set x|trim %}`.
    mutating func filterChain(startsInline: Bool) throws(ChatTemplateError) -> [FilterCall] {
        var filters: [FilterCall] = []
        if startsInline { filters.append(try filterCall()) }
        while skip(.pipe) { filters.append(try filterCall()) }
        return filters
    }

    private mutating func dottedName() throws(ChatTemplateError) -> String {
        var name = try expectName()
        while skip(.dot) { name += "." + (try expectName()) }
        return name
    }

    @inline(never) private mutating func filterCall() throws(ChatTemplateError) -> FilterCall {
        let line = self.line
        let name = try dottedName()
        let arguments = at(.leftParenthesis) ? try self.arguments() : []
        return FilterCall(name: name, arguments: arguments, line: line)
    }

    @inline(never) private mutating func test(_ value: Expression) throws(ChatTemplateError) -> Expression {
        let line = self.line
        advance()
        let isNegated = skipWord("not")
        let name = try dottedName()
        var arguments: [Argument] = []
        switch current.kind {
        case .symbol(.leftParenthesis): arguments = try self.arguments()
        case .name("else"), .name("or"), .name("and"): break
        case .name("is"): throw fail("tests cannot follow each other; write 'and' between them")
        case .name, .string, .integer, .float, .symbol(.leftBracket), .symbol(.leftBrace):
            try enter()
            defer { leave() }
            arguments = [Argument(kind: .positional, value: try postfix(try primary()))]
        default: break
        }
        let test = Expression(.test(value, name, arguments), line: line)
        return isNegated ? Expression(.not(test), line: line) : test
    }

    private mutating func call(_ callee: Expression) throws(ChatTemplateError) -> Expression {
        let line = self.line
        return Expression(.call(callee, try arguments()), line: line)
    }

    @inline(never) private mutating func arguments() throws(ChatTemplateError) -> [Argument] {
        try expect(.leftParenthesis)
        var arguments: [Argument] = []
        /// 0 positional arguments may follow, 1 named ones, 2 only `**`, 3 none.
        var stage = 0
        func misplaced() -> ChatTemplateError { fail("an argument of this kind cannot stand here") }
        while !at(.rightParenthesis) {
            if !arguments.isEmpty {
                try expect(.comma)
                if at(.rightParenthesis) { break }
            }
            if skip(.multiply) {
                guard !arguments.contains(where: { if case .spread = $0.kind { true } else { false } }), stage < 3
                else { throw misplaced() }
                arguments.append(Argument(kind: .spread, value: try expression()))
                stage = max(stage, 1)
            } else if skip(.power) {
                guard stage < 3 else { throw misplaced() }
                arguments.append(Argument(kind: .spreadNamed, value: try expression()))
                stage = 3
            } else if let name = keyword() {
                guard stage < 3 else { throw misplaced() }
                arguments.append(Argument(kind: .named(Text(name)), value: try expression()))
                stage = max(stage, 1)
            } else {
                guard stage == 0 else { throw misplaced() }
                arguments.append(Argument(kind: .positional, value: try expression()))
            }
        }
        try expect(.rightParenthesis)
        return arguments
    }

    /// The name of a named argument, if one begins here.
    @inline(never) private mutating func keyword() -> String? {
        guard case .name(let name) = current.kind, next.kind == .symbol(.assign) else { return nil }
        advance()
        advance()
        return name
    }

    @inline(never) private mutating func subscripted(_ value: Expression) throws(ChatTemplateError) -> Expression {
        let line = self.line
        if skip(.dot) {
            return try dotted(value, line)
        }
        try expect(.leftBracket)
        if at(.colon) { return try slice(value, start: nil, line: line) }
        let first = try expression()
        if at(.colon) { return try slice(value, start: first, line: line) }
        var items = [first]
        while skip(.comma) {
            if at(.rightBracket) { throw unexpected("an expression") }
            items.append(try expression())
        }
        try expect(.rightBracket)
        let index = items.count == 1 ? first : Expression(.tuple(items), line: line)
        return Expression(.item(value, index), line: line)
    }

    @inline(never) private mutating func dotted(
        _ value: Expression, _ line: Int
    ) throws(ChatTemplateError) -> Expression {
        switch current.kind {
        case .name(let name):
            advance()
            return Expression(.attribute(value, Text(name)), line: line)
        case .integer(let index):
            advance()
            return Expression(.item(value, Expression(.int(index), line: line)), line: line)
        default: throw unexpected("a name or a number after '.'")
        }
    }

    private mutating func slice(
        _ value: Expression, start: Expression?, line: Int
    ) throws(ChatTemplateError) -> Expression {
        try expect(.colon)
        var stop: Expression?
        var step: Expression?
        if !at(.colon), !at(.rightBracket) { stop = try expression() }
        if skip(.colon), !at(.rightBracket) { step = try expression() }
        try expect(.rightBracket)
        return Expression(.slice(value, start: start, stop: stop, step: step), line: line)
    }
}
