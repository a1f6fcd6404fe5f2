public import ModelFiles

/// What an answer may look like: a context-free grammar over text.
///
/// Made from GBNF (``init(gbnf:)``), from a JSON schema (``init(jsonSchema:)-(JSONValue)``) or put together from parts
/// with ``sequence(_:)``, ``choice(_:)``, ``repeated(_:least:most:)``. Making one checks it in full: a grammar that exists
/// can be satisfied and has a bounded size.
public struct Grammar: Sendable, Hashable {
    /// Rules with their automaton, shared by all copies.
    let definition: GrammarDefinition

    init(definition: GrammarDefinition) { self.definition = definition }

    init(rules: [Rule], root: Int) throws(GrammarError) {
        definition = try GrammarDefinition(rules: rules, root: root)
    }

    /// The grammar of `source` in GBNF, llama.cpp's notation. Its rule `root` is the whole text.
    /// - Throws: ``GrammarError`` naming the first mistake and its place.
    public init(gbnf source: String) throws(GrammarError) {
        let (rules, root) = try GBNFParser.parse(source)
        try self.init(rules: rules, root: root)
    }

    /// The JSON texts that satisfy `schema`.
    ///
    /// Members come in the order in which the schema lists them. White space is at most one space after a colon or comma.
    /// - Throws: ``GrammarError`` naming the first keyword that is malformed or not honoured, and its place.
    public init(jsonSchema schema: JSONValue) throws(GrammarError) {
        var budget = SchemaBudget()
        try self.init(jsonSchema: schema, budget: &budget)
    }

    /// The JSON texts that satisfy `schema`, one of several schemas that together may not be larger than one alone.
    /// - Parameter budget: What all of them may still take.
    /// - Throws: ``GrammarError`` as ``init(jsonSchema:)-(JSONValue)``.
    package init(jsonSchema schema: JSONValue, budget: inout SchemaBudget) throws(GrammarError) {
        do {
            try self.init(rules: SchemaCompiler.compile(schema, &budget), root: 0)
        } catch .endlessRule {
            throw .unsatisfiable(path: "#")
        } catch .leftRecursion(let rule, _, _) {
            throw .invalidSchema("it refers to itself without end", path: rule)
        }
        try budget.add(definition.automaton)
    }

    /// The JSON texts that satisfy `schema`, itself a JSON text.
    /// - Throws: ``GrammarError`` as ``init(jsonSchema:)-(JSONValue)``, or because the text is no JSON.
    public init(jsonSchema schema: String) throws(GrammarError) {
        let value: JSONValue
        do { value = try JSONValue(parsing: schema) } catch { throw .invalidJSON(error.description) }
        try self.init(jsonSchema: value)
    }

    /// One of several texts, as they stand.
    /// - Throws: ``GrammarError/unsatisfiable(path:)`` when there is none.
    public init(choices: [String]) throws(GrammarError) {
        guard !choices.isEmpty else { throw .unsatisfiable(path: "#") }
        try self.init(rules: [Rule(name: "root", expression: .choice(choices.map { .text($0) }))], root: 0)
    }

    /// Two grammars are equal when they are made of the same rules.
    public static func == (left: Grammar, right: Grammar) -> Bool {
        left.definition === right.definition
            || (left.definition.root == right.definition.root && left.definition.rules == right.definition.rules)
    }

    /// Hashes what ``==(_:_:)`` compares.
    public func hash(into hasher: inout Hasher) { hasher.combine(definition.hash) }
}
