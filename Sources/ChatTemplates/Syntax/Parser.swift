/// Reads tokens into a program. Recursive descent with a limit on depth.
struct Parser {
    let tokens: [Token]
    let limits: ChatTemplate.Limits
    var position = 0
    var depth = 0
    /// Loops around the current place within the current macro, for `break` and `continue`.
    var loops = 0
    var names: [String] = []
    var nameIDs: [String: NameID] = [:]

    static func program(of source: String, limits: ChatTemplate.Limits) throws(ChatTemplateError) -> Program {
        guard source.utf8.count <= limits.sourceBytes else {
            throw ChatTemplateError(
                kind: .sourceTooLarge,
                message: "the source has \(source.utf8.count) bytes, more than \(limits.sourceBytes)", line: 0)
        }
        var parser = Parser(tokens: try Lexer.tokens(of: source), limits: limits)
        let body = try parser.statements(until: [])
        return Program(body: body, names: parser.names, nameIDs: parser.nameIDs)
    }

    init(tokens: [Token], limits: ChatTemplate.Limits) {
        self.tokens = tokens
        self.limits = limits
    }

    // MARK: Tokens
    // Kept out of line: their copies of tokens would otherwise widen the stack frames of the recursive functions.

    var current: Token {
        position < tokens.count ? tokens[position] : Token(kind: .end, line: tokens.last?.line ?? 1)
    }
    var next: Token {
        position + 1 < tokens.count ? tokens[position + 1] : Token(kind: .end, line: tokens.last?.line ?? 1)
    }
    var line: Int { current.line }

    mutating func advance() { position += 1 }

    /// The current token's symbol, if it is one.
    var symbol: Token.Symbol? {
        @inline(never) get {
            guard position < tokens.count, case .symbol(let symbol) = tokens[position].kind else { return nil }
            return symbol
        }
    }
    func at(_ symbol: Token.Symbol) -> Bool { self.symbol == symbol }

    @inline(never) func atWord(_ word: String) -> Bool {
        guard position < tokens.count, case .name(let name) = tokens[position].kind else { return false }
        return name == word
    }

    mutating func skip(_ symbol: Token.Symbol) -> Bool {
        guard at(symbol) else { return false }
        advance()
        return true
    }
    @inline(never) mutating func skipWord(_ word: String) -> Bool {
        guard atWord(word) else { return false }
        advance()
        return true
    }
    @inline(never) mutating func expect(_ symbol: Token.Symbol) throws(ChatTemplateError) {
        guard skip(symbol) else { throw unexpected("'\(symbol.rawValue)'") }
    }
    @inline(never) mutating func expectTagEnd() throws(ChatTemplateError) {
        guard current.kind == .tagEnd else { throw unexpected("'%}'") }
        advance()
    }
    @inline(never) mutating func expectName() throws(ChatTemplateError) -> String {
        guard case .name(let name) = current.kind else { throw unexpected("a name") }
        advance()
        return name
    }

    // MARK: Errors

    @inline(never) func fail(_ message: String, _ kind: ChatTemplateError.Kind = .syntax, line: Int? = nil)
        -> ChatTemplateError
    {
        ChatTemplateError(kind: kind, message: message, line: line ?? self.line)
    }
    @inline(never) func unexpected(_ wanted: String) -> ChatTemplateError {
        fail("expected \(wanted), found \(current.description)")
    }

    @inline(never) mutating func enter() throws(ChatTemplateError) {
        depth += 1
        guard depth <= limits.nesting else {
            throw fail("tags and expressions nest deeper than \(limits.nesting)", .nestingTooDeep)
        }
    }
    mutating func leave() { depth -= 1 }

    // MARK: Names

    @inline(never) mutating func nameID(_ name: String) -> NameID {
        if let id = nameIDs[name] { return id }
        names.append(name)
        nameIDs[name] = names.count - 1
        return names.count - 1
    }

    /// A name that may be assigned to.
    @inline(never) mutating func targetName() throws(ChatTemplateError) -> NameID {
        let line = self.line
        let name = try expectName()
        if ["true", "false", "none", "True", "False", "None"].contains(name) {
            throw fail("cannot assign to '\(name)'", line: line)
        }
        return nameID(name)
    }
}
