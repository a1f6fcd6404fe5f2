internal import Kite
internal import ModelFiles

/// The grammar of an answer: the format that is asked for, and calls of tools by their schemas.
enum AnswerGrammar {
    /// The grammar of a format; nil for plain text.
    /// - Throws: A 400 with the reason when the grammar or the schema cannot be honoured.
    static func make(_ format: OutputFormat) throws(ServiceError) -> Grammar? {
        switch format {
        case .text: return nil
        case .jsonObject: return .jsonObject
        case .grammar(let source):
            do { return try Grammar(gbnf: source) } catch { throw refused(error, param: "grammar") }
        case .schema(let schema, let param):
            do { return try Grammar(jsonSchema: schema) } catch { throw refused(error, param: param) }
        }
    }

    /// The grammar of an answer that may call tools.
    ///
    /// Where a call is wanted the prompt ends with what opens one (``ToolSyntax/opening``), so that the answer begins with
    /// the first call's object. Where calls are as the model likes, free text goes on until it opens a call.
    /// - Throws: A 400 with the reason when a schema cannot be honoured.
    static func make(
        _ format: OutputFormat, _ tools: ToolUse, _ syntax: ToolSyntax
    ) throws(ServiceError) -> Grammar? {
        guard tools.isOffered else { return try make(format) }
        let calls = try self.calls(tools, syntax)
        guard tools.choice == .auto else { return calls }
        // Mistral opens calls with a special token, which no grammar over text can say.
        guard syntax == .tagged else { return try make(format) }
        let formatted = try make(format)
        do throws(GrammarError) {
            let opened = try Grammar.sequence([.text(syntax.opening + syntax.lead), calls])
            if let formatted { return try .choice([formatted, opened]) }
            return try .sequence([Grammar(gbnf: text(without: syntax.opening)), opened.optional])
        } catch {
            throw refused(error, param: "tools")
        }
    }

    /// One or more calls, from the first one's object to what closes the last.
    private static func calls(_ tools: ToolUse, _ syntax: ToolSyntax) throws(ServiceError) -> Grammar {
        var objects: [Grammar] = []
        for tool in tools.callableDefinitions {
            do throws(GrammarError) {
                let arguments = try Grammar(jsonSchema: tool.parameters ?? emptyObject)
                objects.append(
                    try .sequence([.text("{\"name\": \"\(tool.name)\", \"arguments\": "), arguments, .text("}")]))
            } catch {
                throw refused(error, param: tool.param)
            }
        }
        do throws(GrammarError) {
            let call = try Grammar.choice(objects)
            guard tools.isParallel else { return try .sequence([call, .text(syntax.closing)]) }
            let more = try Grammar.repeated(.sequence([.text(syntax.separator), call]))
            return try .sequence([call, more, .text(syntax.closing)])
        } catch {
            throw refused(error, param: "tools")
        }
    }

    private static let emptyObject: JSONValue = ["type": "object", "properties": [:], "additionalProperties": false]

    /// GBNF of the texts in which `opening`, whose first character it has only once, does not occur.
    ///
    /// The text between two such characters is anything that does not go on like `opening`.
    static func text(without opening: String) -> String {
        let characters = opening.unicodeScalars.map { $0 }
        let first = escaped(characters[0])
        var rules = "root ::= [^\(first)]* (\"\(first)\" n1)*\n"
        for index in 1..<characters.count {
            let next = escaped(characters[index])
            rules += "n\(index) ::= \"\" | [^\(first)\(next)] [^\(first)]*"
            if index + 1 < characters.count { rules += " | \"\(next)\" n\(index + 1)" }
            rules += "\n"
        }
        return rules
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "[", "]", "\\", "^", "-", "\"": "\\x" + hex(scalar)
        default: String(scalar)
        }
    }

    private static func hex(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16)
        return digits.utf8.count < 2 ? "0" + digits : digits
    }

    private static func refused(_ error: GrammarError, param: String) -> ServiceError {
        .invalid("\(error)", param: param, code: "invalid_grammar")
    }
}
