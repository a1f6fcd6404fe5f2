/// A variable's number within its template; `Program.names` has the spelling.
typealias NameID = Int

/// A template that has been read.
struct Program: Sendable {
    var body: [Statement]
    /// Spellings of the names used.
    var names: [String]
    var nameIDs: [String: NameID]
}

/// A tag or a piece of text.
struct Statement: Sendable {
    indirect enum Kind: Sendable {
        case text(Text)
        case output(Expression)
        /// `if` and `elif` branches in order, then `else`.
        case conditional([(condition: Expression, body: [Statement])], otherwise: [Statement])
        case loop(ForLoop)
        case set(Target, Expression)
        /// `{% set x %}…{% endset %}`
        case setBlock(Target, filters: [FilterCall], body: [Statement])
        case with([(target: Target, value: Expression)], body: [Statement])
        case macro(NameID, Macro)
        /// `{% call f() %}…{% endcall %}`: the body becomes the macro `caller`.
        case call(Macro, Expression)
        case filter([FilterCall], body: [Statement])
        /// `{% generation %}`: marks what the model wrote; only its text matters here.
        case generation([Statement])
        case breakLoop
        case continueLoop
    }

    var kind: Kind
    var line: Int
}

/// What an assignment assigns to.
indirect enum Target: Sendable {
    case name(NameID)
    /// `ns.field`
    case field(NameID, Text)
    case tuple([Target])
}

/// `{% for target in items if condition %}`
struct ForLoop: Sendable {
    var target: Target
    var items: Expression
    var condition: Expression?
    var body: [Statement]
    var otherwise: [Statement]
}

/// A macro's parameters and body.
final class Macro: Sendable {
    struct Parameter: Sendable {
        var name: NameID
        var fallback: Expression?
    }

    let name: String
    let parameters: [Parameter]
    let body: [Statement]
    /// Whether the body mentions `varargs`, `kwargs`, `caller`: a macro takes such arguments only then.
    let usesVarargs: Bool
    let usesKwargs: Bool
    let usesCaller: Bool

    init(
        name: String, parameters: [Parameter], body: [Statement], usesVarargs: Bool, usesKwargs: Bool, usesCaller: Bool
    ) {
        self.name = name
        self.parameters = parameters
        self.body = body
        self.usesVarargs = usesVarargs
        self.usesKwargs = usesKwargs
        self.usesCaller = usesCaller
    }
}

/// A filter's name and arguments.
struct FilterCall: Sendable {
    var name: String
    var arguments: [Argument]
    var line: Int
}

/// One argument of a call.
struct Argument: Sendable {
    enum Kind: Sendable {
        case positional
        case named(Text)
        /// `*list`
        case spread
        /// `**mapping`
        case spreadNamed
    }

    var kind: Kind
    var value: Expression
}

/// An expression.
final class Expression: Sendable {
    enum Kind: Sendable {
        case none
        case bool(Bool)
        case int(Int)
        case double(Double)
        case text(Text)
        case name(NameID)
        case list([Expression])
        case tuple([Expression])
        case mapping([(key: Expression, value: Expression)])
        case attribute(Expression, Text)
        case item(Expression, Expression)
        case slice(Expression, start: Expression?, stop: Expression?, step: Expression?)
        case call(Expression, [Argument])
        case filter(Expression, FilterCall)
        case test(Expression, String, [Argument])
        case not(Expression)
        case negative(Expression)
        case positive(Expression)
        /// Operators of one precedence, from left to right.
        case arithmetic(Expression, [(operation: Token.Symbol, operand: Expression)])
        /// `a < b < c` holds when each neighbouring pair does.
        case comparison(Expression, [(operation: Comparison, operand: Expression)])
        case and([Expression])
        case or([Expression])
        /// `a ~ b ~ c`
        case concatenation([Expression])
        case conditional(condition: Expression, then: Expression, otherwise: Expression?)
    }

    let kind: Kind
    let line: Int

    init(_ kind: Kind, line: Int) {
        self.kind = kind
        self.line = line
    }
}

/// A comparison operator.
enum Comparison: Sendable {
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual, contained, notContained
}
