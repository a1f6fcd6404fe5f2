internal import Kite
internal import ModelFiles

extension TemplateValue {
    /// The same value for a template.
    init(_ value: JSONValue) {
        switch value {
        case .null: self = .none
        case .bool(let flag): self = .bool(flag)
        case .integer(let number): self = Int(exactly: number).map { .int($0) } ?? .double(Double(number))
        case .number(let number): self = .double(number)
        case .string(let text): self = .string(text)
        case .array(let values): self = .array(values.map { TemplateValue($0) })
        case .object(let object): self = .object(object.members.map { .init($0.key, TemplateValue($0.value)) })
        }
    }

    /// The message as templates of models that call tools expect it: arguments of calls are objects, not text.
    init(_ message: ConversationMessage) {
        var members: [Member] = [.init("role", .string(message.role)), .init("content", .string(message.content))]
        if let name = message.name { members.append(.init("name", .string(name))) }
        if let id = message.toolCallID { members.append(.init("tool_call_id", .string(id))) }
        if !message.toolCalls.isEmpty {
            members.append(.init("tool_calls", .array(message.toolCalls.map { TemplateValue($0) })))
        }
        self = .object(members)
    }

    private init(_ call: ToolCall) {
        self = .object([
            .init("id", .string(call.id)), .init("type", "function"),
            .init(
                "function",
                .object([.init("name", .string(call.name)), .init("arguments", TemplateValue(call.argumentsValue))])),
        ])
    }
}

extension ToolCall {
    /// The arguments as a value; as a string where they are no JSON, which a client may send.
    var argumentsValue: JSONValue {
        do { return try JSONValue(parsing: arguments, maximumDepth: 64) } catch { return .string(arguments) }
    }
}
