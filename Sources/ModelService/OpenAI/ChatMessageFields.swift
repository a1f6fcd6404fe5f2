internal import ModelFiles

/// A message of a conversation, as the API has it.
struct ConversationMessage: Sendable, Hashable {
    /// `system`, `user`, `assistant` or `tool`.
    var role: String
    /// The text; empty when there is none.
    var content: String
    /// Who speaks, where a role has several.
    var name: String?
    /// The calls that the assistant made.
    var toolCalls: [ToolCall] = []
    /// The call that a tool's message answers.
    var toolCallID: String?
}

extension ConversationMessage {
    /// Most messages of a conversation.
    static let limit = 4096

    /// Reads `messages`.
    /// - Throws: A 400 that names the message and its field.
    static func read(_ fields: RequestFields) throws(ServiceError) -> [ConversationMessage] {
        let values = try fields.required("messages", fields.array("messages", limit: limit))
        guard !values.isEmpty else { throw .invalid("'messages' is empty", param: "messages") }
        var result: [ConversationMessage] = []
        for (index, value) in values.enumerated() {
            let path = "messages[\(index)]"
            guard case .object(let object) = value else {
                throw .invalid("'\(path)' must be an object, not \(value.kind)", param: path)
            }
            result.append(try ConversationMessage(RequestFields(object, path: path)))
        }
        return result
    }

    private init(_ fields: RequestFields) throws(ServiceError) {
        let role = try fields.required("role", fields.string("role"))
        toolCalls = []
        switch role {
        case "user": self.role = role
        case "system", "developer": self.role = "system"
        case "assistant":
            self.role = role
            toolCalls = try ToolCall.read(fields)
        case "tool", "function":
            self.role = "tool"
            toolCallID = try fields.string("tool_call_id")
        default:
            throw .invalid(
                "'\(fields.name("role"))' must be system, developer, user, assistant or tool, not '\(role.prefix(40))'",
                param: fields.name("role"))
        }
        name = try fields.string("name")
        let content = try Self.content(fields)
        guard content != nil || self.role == "assistant" else {
            throw .invalid("'\(fields.name("content"))' is missing", param: fields.name("content"))
        }
        self.content = content ?? ""
    }

    /// A string, or the texts of an array of parts, one after the other.
    private static func content(_ fields: RequestFields) throws(ServiceError) -> String? {
        switch fields.object.value("content") {
        case nil: return nil
        case .string(let text): return text
        case .array(let parts):
            var text = ""
            for (index, part) in parts.enumerated() {
                text += try self.text(part, path: "\(fields.name("content"))[\(index)]")
            }
            return text
        case .some(let other): throw fields.mismatch("content", "a string or an array of parts", other)
        }
    }

    private static func text(_ part: JSONValue, path: String) throws(ServiceError) -> String {
        guard case .object(let object) = part else {
            throw .invalid("'\(path)' must be an object, not \(part.kind)", param: path)
        }
        let fields = RequestFields(object, path: path)
        let type = try fields.required("type", fields.string("type"))
        switch type {
        case "text", "input_text", "output_text": return try fields.required("text", fields.string("text"))
        case "refusal": return try fields.required("refusal", fields.string("refusal"))
        default:
            throw .invalid(
                "'\(path)' is of type '\(type.prefix(40))': the models here read only text", param: path,
                code: "unsupported_content")
        }
    }
}
