/// What a rule of a grammar says: the form that GBNF, JSON schemas and regular expressions are all turned into.
indirect enum Expression: Sendable, Hashable {
    /// These bytes of UTF-8.
    case text([UInt8])
    /// One character of a set.
    case characters(CharacterSet)
    /// What another rule says.
    case rule(Int)
    /// One after the other; empty: nothing at all, which always matches.
    case sequence([Expression])
    /// One of several; empty: nothing matches.
    case choice([Expression])
    /// Several times; `most` nil is without a limit.
    case repeated(Expression, least: Int, most: Int?)

    /// The empty text.
    static let empty = Expression.sequence([])

    /// `text` as it stands.
    static func text(_ text: String) -> Expression { .text(Array(text.utf8)) }

    /// This or nothing.
    var optional: Expression { .repeated(self, least: 0, most: 1) }

    /// The same with every rule's number raised by `offset`.
    func offset(by offset: Int) -> Expression {
        switch self {
        case .text, .characters: self
        case .rule(let number): .rule(number + offset)
        case .sequence(let parts): .sequence(parts.map { $0.offset(by: offset) })
        case .choice(let parts): .choice(parts.map { $0.offset(by: offset) })
        case .repeated(let part, let least, let most): .repeated(part.offset(by: offset), least: least, most: most)
        }
    }
}

/// A named expression.
struct Rule: Sendable, Hashable {
    /// What it is called in messages.
    var name: String
    var expression: Expression
    /// Where its definition is; 0 when it is from no text.
    var line = 0
    var column = 0
}
