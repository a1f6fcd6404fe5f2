import ArgumentParser
import Kite

/// What an answer may look like.
struct GrammarArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Answer within this grammar, in GBNF (the notation of llama.cpp), such as 'root ::= \"yes\" | \"no\"'.",
            valueName: "text"))
    var grammar: String?

    @Option(help: ArgumentHelp("Answer within the GBNF grammar in this file.", valueName: "file"))
    var grammarFile: String?

    @Option(
        name: [.customShort("j"), .long],
        help: ArgumentHelp(
            "Answer in JSON of this schema: JSON text or a file of it; {} is any JSON object.", valueName: "schema"))
    var jsonSchema: String?

    @Option(help: ArgumentHelp("Answer in JSON of the schema in this file.", valueName: "file"))
    var jsonSchemaFile: String?

    func validate() throws {
        let given = [grammar, grammarFile, jsonSchema, jsonSchemaFile].compactMap { $0 }
        if given.count > 1 {
            throw ValidationError("--grammar, --grammar-file, --json-schema and --json-schema-file exclude each other")
        }
    }

    /// The grammar asked for; nil when the answer may be anything.
    func resolved() throws -> Grammar? {
        if let grammar { return try Grammar(gbnf: grammar) }
        if let grammarFile { return try Grammar(gbnf: Self.text(of: grammarFile)) }
        if let jsonSchemaFile { return try Self.schema(Self.text(of: jsonSchemaFile)) }
        guard let jsonSchema else { return nil }
        let first = jsonSchema.first { !$0.isWhitespace }
        // `true` and `false` are schemas, too, but rather a file's name than meant.
        guard first != "{" else { return try Self.schema(jsonSchema) }
        guard SystemIO.exists(jsonSchema) else {
            throw CLIError.usage("--json-schema '\(jsonSchema)' is neither a JSON object nor a file")
        }
        return try Self.schema(Self.text(of: jsonSchema))
    }

    /// As in llama.cpp, the empty schema asks for an object.
    private static func schema(_ text: String) throws -> Grammar {
        if case .object(let object)? = try? JSONValue(parsing: text), object.count == 0 { return .jsonObject }
        return try Grammar(jsonSchema: text)
    }

    private static func text(of file: String) throws -> String {
        String(decoding: try SystemIO.contents(of: file), as: UTF8.self)
    }
}
