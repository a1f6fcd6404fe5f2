/// Why a grammar or a schema cannot be used, or why generation within one cannot go on.
///
/// Every case fails closed: there is no grammar, and no answer without one.
public enum GrammarError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The text is no grammar: what is wrong, and where.
    case syntax(String, line: Int, column: Int)
    /// A rule is used and nowhere defined.
    case undefinedRule(String, line: Int, column: Int)
    /// A rule is defined a second time.
    case duplicateRule(String, line: Int, column: Int)
    /// There is no rule `root`.
    case missingRoot
    /// A rule can come back to itself before it has matched a byte. Where its definition is, if it has a place.
    case leftRecursion(rule: String, line: Int, column: Int)
    /// A rule that no text can ever finish.
    case endlessRule(rule: String, line: Int, column: Int)
    /// What is repeated without a limit can be nothing at all.
    case emptyLoop(line: Int, column: Int)
    /// More of something (rules, states, bytes of text …) than the limit.
    case tooLarge(_ what: String, limit: Int)
    /// Groups nested deeper than the limit.
    case tooDeep(limit: Int, line: Int, column: Int)
    /// A count of repetitions above the limit.
    case repetitionTooLarge(limit: Int, line: Int, column: Int)

    /// A schema that is no JSON.
    case invalidJSON(String)
    /// A schema that is malformed: what is wrong, and where (`#/properties/a`).
    case invalidSchema(String, path: String)
    /// A keyword that constrains and is not honoured, or not in this combination.
    case unsupportedKeyword(String, reason: String, path: String)
    /// A regular expression, or part of one, that is not honoured.
    case unsupportedPattern(String, reason: String, path: String)
    /// No value can satisfy the schema.
    case unsatisfiable(path: String)

    /// The text so far can be read in more ways than the limit.
    case tooAmbiguous(limit: Int)
    /// No token of the vocabulary can go on, and the text may not end.
    case noToken
    /// A token was chosen that the grammar does not allow.
    case tokenNotAllowed(Int32)

    /// Whether the grammar or schema itself is at fault, not an answer within it.
    public var isOfGrammar: Bool {
        switch self {
        case .tooAmbiguous, .noToken, .tokenNotAllowed: false
        default: true
        }
    }

    /// One line for a person.
    public var description: String {
        switch self {
        case .syntax(let what, let line, let column): "grammar, line \(line), column \(column): \(what)"
        case .undefinedRule(let name, let line, let column):
            "grammar, line \(line), column \(column): rule \"\(name.shortened)\" is not defined"
        case .duplicateRule(let name, let line, let column):
            "grammar, line \(line), column \(column): rule \"\(name.shortened)\" is defined a second time"
        case .missingRoot: "the grammar has no rule \"root\""
        case .leftRecursion(let name, let line, let column):
            "\(Self.place(name, line, column)) can begin with itself (left recursion)"
        case .endlessRule(let name, let line, let column): "\(Self.place(name, line, column)) can never end"
        case .emptyLoop(let line, let column):
            "grammar, line \(line), column \(column): what is repeated without a limit may be empty"
        case .tooLarge(let what, let limit): "the grammar is too large: more than \(limit) \(what)"
        case .tooDeep(let limit, let line, let column):
            line > 0
                ? "grammar, line \(line), column \(column): nested more than \(limit) levels deep"
                : "the grammar is nested more than \(limit) levels deep"
        case .repetitionTooLarge(let limit, let line, let column):
            line > 0
                ? "grammar, line \(line), column \(column): a repetition of more than \(limit)"
                : "the grammar has a repetition of more than \(limit)"
        case .invalidJSON(let problem): "the schema is not JSON: \(problem)"
        case .invalidSchema(let what, let path): "schema at \(path.shortened): \(what)"
        case .unsupportedKeyword(let keyword, let reason, let path):
            "unsupported keyword \"\(keyword.shortened)\" at \(path.shortened)" + (reason.isEmpty ? "" : ": \(reason)")
        case .unsupportedPattern(let pattern, let reason, let path):
            "unsupported pattern \"\(pattern.shortened)\" at \(path.shortened): \(reason)"
        case .unsatisfiable(let path): "schema at \(path.shortened): no value can satisfy it"
        case .tooAmbiguous(let limit):
            "the grammar is too ambiguous: the answer so far can be read in more than \(limit) ways"
        case .noToken: "no token of the vocabulary fits the grammar here"
        case .tokenNotAllowed(let token): "token \(token) does not fit the grammar"
        }
    }

    private static func place(_ name: String, _ line: Int, _ column: Int) -> String {
        line > 0
            ? "grammar, line \(line), column \(column): rule \"\(name.shortened)\""
            : "the grammar's rule \"\(name.shortened)\""
    }
}

extension String {
    /// The text, cut where it gets long, without control characters: for messages.
    var shortened: String {
        var result = ""
        for (count, scalar) in unicodeScalars.enumerated() {
            if count == 100 { return result + "…" }
            if scalar.value < 0x20 || scalar.value == 0x7F {
                result += "\\u{" + String(scalar.value, radix: 16) + "}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
