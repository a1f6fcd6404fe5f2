extension Parser {
    /// Reads statements up to a tag that begins with one of `ends`, whose name is left to read; to the end of the
    /// template when there are none.
    mutating func statements(until ends: [String]) throws(ChatTemplateError) -> [Statement] {
        try enter()
        defer { leave() }
        let opened = line
        var body: [Statement] = []
        while true {
            let line = self.line
            switch current.kind {
            case .data(let text):
                advance()
                body.append(Statement(kind: .text(text), line: line))
            case .outputBegin:
                advance()
                let value = try tuple(withConditional: true)
                guard current.kind == .outputEnd else { throw unexpected("'}}'") }
                advance()
                body.append(Statement(kind: .output(value), line: line))
            case .tagBegin:
                advance()
                if case .name(let name) = current.kind, ends.contains(name) { return body }
                body.append(try statement())
                try expectTagEnd()
            case .end:
                guard ends.isEmpty else {
                    throw fail("'{% \(ends.last ?? "") %}' is missing for the tag at line \(opened)")
                }
                return body
            default: throw unexpected("a tag")
            }
        }
    }

    /// Reads the end of an opening tag, a body and its closing tag's name.
    private mutating func block(_ end: String) throws(ChatTemplateError) -> [Statement] {
        try expectTagEnd()
        let body = try statements(until: [end])
        advance()
        return body
    }

    @inline(never) private mutating func statement() throws(ChatTemplateError) -> Statement {
        let line = self.line
        guard case .name(let tag) = current.kind else { throw unexpected("the name of a tag") }
        advance()
        let kind: Statement.Kind
        switch tag {
        case "if": kind = try conditional()
        case "for": kind = try forLoop()
        case "set": kind = try set()
        case "with": kind = try with()
        case "macro":
            let name = try targetName()
            let macro = try macro(named: names[name], parameters: try parameters(), end: "endmacro")
            kind = .macro(name, macro)
        case "call": kind = try callBlock()
        case "filter":
            let filters = try filterChain(startsInline: true)
            kind = .filter(filters, body: try block("endfilter"))
        case "generation":
            let outer = loops
            loops = 0
            kind = .generation(try block("endgeneration"))
            loops = outer
        case "break", "continue":
            guard loops > 0 else { throw fail("'\(tag)' outside of a loop", line: line) }
            kind = tag == "break" ? .breakLoop : .continueLoop
        case "include", "import", "from", "extends", "block", "autoescape", "do", "trans", "print", "debug":
            throw fail("the tag '\(tag)' is not part of chat templates", .unsupported, line: line)
        default:
            if tag.hasPrefix("end") || tag == "else" || tag == "elif" {
                throw fail("'\(tag)' has nothing to close here", line: line)
            }
            throw fail("unknown tag '\(tag)'", .unsupported, line: line)
        }
        return Statement(kind: kind, line: line)
    }

    @inline(never) private mutating func conditional() throws(ChatTemplateError) -> Statement.Kind {
        var branches: [(condition: Expression, body: [Statement])] = []
        var otherwise: [Statement] = []
        while true {
            let condition = try tuple(withConditional: false)
            try expectTagEnd()
            let body = try statements(until: ["elif", "else", "endif"])
            branches.append((condition, body))
            if skipWord("elif") { continue }
            if skipWord("else") { otherwise = try block("endif") } else { advance() }
            return .conditional(branches, otherwise: otherwise)
        }
    }

    @inline(never) private mutating func forLoop() throws(ChatTemplateError) -> Statement.Kind {
        let target = try target(withFields: false)
        guard skipWord("in") else { throw unexpected("'in'") }
        let items = try tuple(withConditional: false, endingWords: ["recursive"])
        var condition: Expression?
        if skipWord("if") { condition = try expression() }
        if atWord("recursive") { throw fail("recursive loops are not supported", .unsupported) }
        try expectTagEnd()
        loops += 1
        let body = try statements(until: ["else", "endfor"])
        loops -= 1
        var otherwise: [Statement] = []
        if skipWord("else") { otherwise = try block("endfor") } else { advance() }
        return .loop(
            ForLoop(target: target, items: items, condition: condition, body: body, otherwise: otherwise))
    }

    @inline(never) private mutating func set() throws(ChatTemplateError) -> Statement.Kind {
        let target = try target(withFields: true)
        if skip(.assign) { return .set(target, try tuple(withConditional: true)) }
        let filters = try filterChain(startsInline: false)
        return .setBlock(target, filters: filters, body: try block("endset"))
    }

    @inline(never) private mutating func with() throws(ChatTemplateError) -> Statement.Kind {
        var bindings: [(target: Target, value: Expression)] = []
        while current.kind != .tagEnd {
            if !bindings.isEmpty { try expect(.comma) }
            let target = try target(withFields: false)
            try expect(.assign)
            bindings.append((target, try expression()))
        }
        return .with(bindings, body: try block("endwith"))
    }

    @inline(never) private mutating func callBlock() throws(ChatTemplateError) -> Statement.Kind {
        var parameters: [Macro.Parameter] = []
        if at(.leftParenthesis) { parameters = try self.parameters() }
        let line = self.line
        let call = try expression()
        guard case .call = call.kind else { throw fail("'call' needs a call", line: line) }
        return .call(try macro(named: "caller", parameters: parameters, end: "endcall"), call)
    }

    @inline(never) private mutating func parameters() throws(ChatTemplateError) -> [Macro.Parameter] {
        try expect(.leftParenthesis)
        var parameters: [Macro.Parameter] = []
        while !at(.rightParenthesis) {
            if !parameters.isEmpty { try expect(.comma) }
            guard parameters.count < 255 else { throw fail("a macro has more than 255 parameters", .unsupported) }
            let name = try targetName()
            if parameters.contains(where: { $0.name == name }) { throw fail("parameter '\(names[name])' occurs twice") }
            if skip(.assign) {
                parameters.append(Macro.Parameter(name: name, fallback: try expression()))
            } else {
                guard parameters.last?.fallback == nil else {
                    throw fail("a parameter without default follows one with a default")
                }
                parameters.append(Macro.Parameter(name: name, fallback: nil))
            }
        }
        advance()
        return parameters
    }

    @inline(never) private mutating func macro(
        named name: String, parameters: [Macro.Parameter], end: String
    ) throws(ChatTemplateError) -> Macro {
        let outer = loops
        loops = 0
        let start = position
        let body = try block(end)
        loops = outer
        func mentions(_ word: String) -> Bool { tokens[start..<position].contains { $0.kind == .name(word) } }
        return Macro(
            name: name, parameters: parameters, body: body, usesVarargs: mentions("varargs"),
            usesKwargs: mentions("kwargs"), usesCaller: mentions("caller"))
    }

    /// Reads what an assignment assigns to.
    private mutating func target(withFields: Bool) throws(ChatTemplateError) -> Target {
        try enter()
        defer { leave() }
        var parts: [Target] = []
        while true {
            if skip(.leftParenthesis) {
                parts.append(try target(withFields: withFields))
                try expect(.rightParenthesis)
            } else {
                let name = try targetName()
                if withFields, skip(.dot) {
                    parts.append(.field(name, Text(try expectName())))
                } else {
                    parts.append(.name(name))
                }
            }
            guard skip(.comma) else { break }
            // A comma may also end the row.
            if at(.assign) || at(.rightParenthesis) || atWord("in") || current.kind == .tagEnd {
                return .tuple(parts)
            }
        }
        return parts.count == 1 ? parts[0] : .tuple(parts)
    }
}
