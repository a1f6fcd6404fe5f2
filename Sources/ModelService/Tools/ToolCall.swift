internal import ModelFiles

/// A call of a tool by the model.
struct ToolCall: Sendable, Hashable {
    var id: String
    var name: String
    /// The arguments, as JSON text.
    var arguments: String
}

extension ToolCall {
    /// Reads `tool_calls` of an assistant's message.
    static func read(_ message: RequestFields) throws(ServiceError) -> [ToolCall] {
        var result: [ToolCall] = []
        for (index, value) in (try message.array("tool_calls", limit: 256) ?? []).enumerated() {
            let path = "\(message.name("tool_calls"))[\(index)]"
            guard case .object(let object) = value else {
                throw .invalid("'\(path)' must be an object, not \(value.kind)", param: path)
            }
            let fields = RequestFields(object, path: path)
            let function = try fields.required("function", fields.object("function"))
            result.append(
                ToolCall(
                    id: try fields.string("id") ?? "", name: try ToolDefinition.name(function),
                    arguments: try arguments(function)))
        }
        return result
    }

    /// JSON text as OpenAI has it, or the object itself.
    private static func arguments(_ function: RequestFields) throws(ServiceError) -> String {
        switch function.object.value("arguments") {
        case nil: return "{}"
        case .string(let text): return text
        case .object(let object): return JSONText.string(.object(object))
        case .some(let other): throw function.mismatch("arguments", "a string of JSON", other)
        }
    }
}

/// JSON values as text.
enum JSONText {
    /// The value in compact JSON. Values that were parsed are finite, so nothing can fail.
    static func string(_ value: JSONValue) -> String {
        do { return String(decoding: try value.encoded(), as: UTF8.self) } catch { return "null" }
    }
}
