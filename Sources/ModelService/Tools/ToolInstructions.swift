internal import ModelFiles

/// Conversations with tools for models whose chat template knows none.
enum ToolInstructions {
    /// The system text that tells of the tools and of how to call one.
    static func text(_ tools: ToolUse, _ syntax: ToolSyntax) -> String {
        var text = "You can call functions. Their signatures, one JSON object a line:\n<tools>\n"
        for tool in tools.callableDefinitions {
            var function = JSONObject()
            function["name"] = .string(tool.name)
            if let description = tool.description { function["description"] = .string(description) }
            function["parameters"] = tool.parameters ?? .object(JSONObject())
            text += JSONText.string(.object(function)) + "\n"
        }
        text += "</tools>\nA call is a JSON object with the function's name and arguments:\n"
        text += syntax.opening + syntax.lead
        text += "{\"name\": \"function-name\", \"arguments\": {\"argument-name\": \"value\"}}" + syntax.closing + "\n"
        switch tools.choice {
        case .required: text += "Answer with a call and nothing else."
        case .auto, .none:
            text += "Answer with a call and nothing else when a function helps; else answer in plain words."
        }
        return text
    }

    /// The conversation without what such templates lack: calls become text of the assistant, results messages of the
    /// user, several in a row a single one.
    static func flatten(_ messages: [ConversationMessage], _ syntax: ToolSyntax) -> [ConversationMessage] {
        var result: [ConversationMessage] = []
        var endsWithResult = false
        for message in messages {
            switch message.role {
            case "tool":
                let text = "<tool_response>\n\(message.content)\n</tool_response>"
                if endsWithResult {
                    result[result.count - 1].content += "\n" + text
                } else {
                    result.append(ConversationMessage(role: "user", content: text))
                }
                endsWithResult = true
                continue
            case "user" where endsWithResult:
                // Templates want users and assistants to take turns.
                result[result.count - 1].content += "\n" + message.content
            case "assistant" where !message.toolCalls.isEmpty:
                let calls = syntax.text(of: message.toolCalls)
                let content = message.content.isEmpty ? calls : message.content + "\n" + calls
                result.append(ConversationMessage(role: "assistant", content: content))
            default:
                result.append(ConversationMessage(role: message.role, content: message.content))
            }
            endsWithResult = false
        }
        return result
    }

    /// The conversation with `text` as its first system message, or at the start of the one it has.
    static func addSystem(_ text: String, to messages: [ConversationMessage]) -> [ConversationMessage] {
        add(text, toFirst: "system", of: messages)
    }

    /// The conversation with `text` at the start of its first question, for templates that know no system message.
    static func addToQuestion(_ text: String, _ messages: [ConversationMessage]) -> [ConversationMessage] {
        let system = messages.first.flatMap { $0.role == "system" ? $0.content + "\n\n" : nil } ?? ""
        let rest = system.isEmpty ? messages : Array(messages.dropFirst())
        return add(text + (system.isEmpty ? "" : "\n\n" + system.dropLast(2)), toFirst: "user", of: rest)
    }

    private static func add(
        _ text: String, toFirst role: String, of messages: [ConversationMessage]
    ) -> [ConversationMessage] {
        var result = messages
        if result.first?.role == role {
            result[0].content = text + "\n\n" + result[0].content
        } else {
            result.insert(ConversationMessage(role: role, content: text), at: 0)
        }
        return result
    }
}
