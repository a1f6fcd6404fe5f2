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
    /// the first call's object. Where calls are as the model likes, free text goes on until it opens a call. The limits of a
    /// grammar hold for all tools together.
    /// - Throws: A 400 with the reason when a schema cannot be honoured.
    static func make(
        _ format: OutputFormat, _ tools: ToolUse, _ syntax: ToolSyntax
    ) throws(ServiceError) -> Grammar? {
        guard tools.isOffered else { return try make(format) }
        let objects = try self.objects(tools)
        // Mistral opens calls with a special token, which no grammar over text can say.
        if tools.choice == .auto, syntax == .list {
            guard let param = format.param else { return nil }
            throw .invalid(
                "'\(param)' and 'tools' exclude each other with this model, which opens calls with a special token: set "
                    + "'tool_choice' to 'required' or 'none'", param: param, code: "unsupported_parameter")
        }
        let formatted = tools.choice == .auto ? try make(format) : nil
        do throws(GrammarError) {
            let calls = try self.calls(objects, isParallel: tools.isParallel, syntax)
            guard tools.choice == .auto else { return try Grammar(calls) }
            let opened = try GrammarDraft.sequence([.text(syntax.opening + syntax.lead), calls])
            if let formatted { return try Grammar(GrammarDraft.choice([GrammarDraft(formatted), opened])) }
            let free = GrammarDraft(try Grammar(gbnf: text(without: syntax.opening)))
            return try Grammar(GrammarDraft.sequence([free, opened.repeated(most: 1)]))
        } catch {
            throw refused(error, param: "tools")
        }
    }

    /// The object of a call, for each tool.
    /// - Throws: A 400 that names the first tool that cannot be honoured, or with which the tools are too large.
    private static func objects(_ tools: ToolUse) throws(ServiceError) -> [GrammarDraft] {
        var budget = SchemaBudget()
        var objects: [GrammarDraft] = []
        for tool in tools.callableDefinitions {
            do throws(GrammarError) {
                let arguments = try Grammar(jsonSchema: tool.parameters ?? emptyObject, budget: &budget)
                let head = GrammarDraft.text("{\"name\": \"\(tool.name)\", \"arguments\": ")
                objects.append(try .sequence([head, GrammarDraft(arguments), .text("}")]))
            } catch {
                throw refused(error, param: tool.param)
            }
        }
        return objects
    }

    /// One or more calls, from the first one's object to what closes the last.
    private static func calls(
        _ objects: [GrammarDraft], isParallel: Bool, _ syntax: ToolSyntax
    ) throws(GrammarError) -> GrammarDraft {
        let call = try GrammarDraft.choice(objects)
        guard isParallel else { return try .sequence([call, .text(syntax.closing)]) }
        let more = try GrammarDraft.sequence([.text(syntax.separator), call]).repeated()
        return try .sequence([call, more, .text(syntax.closing)])
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
