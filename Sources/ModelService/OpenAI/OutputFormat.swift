internal import ModelFiles

/// What an answer has to look like.
enum OutputFormat: Sendable, Equatable {
    /// Anything.
    case text
    /// What a grammar in GBNF says.
    case grammar(String)
    /// Any JSON object.
    case jsonObject
    /// JSON that a schema describes. `param` is where the request says so.
    case schema(JSONValue, param: String)

    /// The grammar's or the schema's own text; nil where there is none.
    var source: String? {
        switch self {
        case .text, .jsonObject: nil
        case .grammar(let text): text
        case .schema(let schema, _): JSONText.string(schema)
        }
    }

    /// Where the request asks for it; nil for plain text.
    var param: String? {
        switch self {
        case .text: nil
        case .grammar: "grammar"
        case .jsonObject: "response_format"
        case .schema(_, let param): param
        }
    }

    /// Reads `response_format`, or llama.cpp's `json_schema` and `grammar`.
    /// - Throws: A 400; more than one of them is none.
    init(_ fields: RequestFields) throws(ServiceError) {
        var found: [(param: String, format: OutputFormat)] = []
        let format = try Self.responseFormat(fields)
        if format != .text { found.append(("response_format", format)) }
        if let schema = fields.object.value("json_schema") {
            found.append(("json_schema", .schema(try Self.checked(schema, "json_schema"), param: "json_schema")))
        }
        if let grammar = try fields.string("grammar"), !grammar.isEmpty {
            found.append(("grammar", .grammar(grammar)))
        }
        guard found.count <= 1 else {
            throw .invalid("'\(found[0].param)' and '\(found[1].param)' exclude each other", param: found[1].param)
        }
        self = found.first?.format ?? .text
    }

    private static func responseFormat(_ fields: RequestFields) throws(ServiceError) -> OutputFormat {
        guard let format = try fields.object("response_format") else { return .text }
        let type = try format.required("type", format.string("type"))
        switch type {
        case "text": return .text
        case "json_object":
            // llama.cpp takes a schema here too.
            guard let schema = format.object.value("schema") else { return .jsonObject }
            let param = format.name("schema")
            return .schema(try checked(schema, param), param: param)
        case "json_schema":
            let wrapper = try format.required("json_schema", format.object("json_schema"))
            _ = try wrapper.bool("strict")
            let param = wrapper.name("schema")
            return .schema(try checked(wrapper.required("schema", wrapper.object.value("schema")), param), param: param)
        case "grammar":
            return .grammar(try format.required("grammar", format.string("grammar")))
        default:
            throw .invalid(
                "'response_format.type' must be text, json_object or json_schema, not '\(type.prefix(40))'",
                param: "response_format.type")
        }
    }

    private static func checked(_ schema: JSONValue, _ param: String) throws(ServiceError) -> JSONValue {
        switch schema {
        case .object, .bool: return schema
        default: throw .invalid("'\(param)' must be a JSON schema, not \(schema.kind)", param: param)
        }
    }
}
