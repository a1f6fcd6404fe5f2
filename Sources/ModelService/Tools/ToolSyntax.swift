internal import Kite

/// How a model writes down that it calls a tool.
enum ToolSyntax: Sendable, Hashable {
    /// `<tool_call>{"name": …, "arguments": {…}}</tool_call>`, one after the other (Hermes, Qwen, ChatML models).
    case tagged
    /// `[TOOL_CALLS][{"name": …, "arguments": {…}}, …]` (Mistral 7B v0.3).
    case list

    /// What begins the calls. The text before is the answer's.
    var opening: String {
        switch self {
        case .tagged: "<tool_call>"
        case .list: "[TOOL_CALLS]"
        }
    }

    /// What is between the opening and the first call's object.
    var lead: String {
        switch self {
        case .tagged: "\n"
        case .list: "["
        }
    }

    /// What is between the objects of two calls.
    var separator: String {
        switch self {
        case .tagged: "\n</tool_call>\n<tool_call>\n"
        case .list: ", "
        }
    }

    /// What follows the last call's object.
    var closing: String {
        switch self {
        case .tagged: "\n</tool_call>"
        case .list: "]"
        }
    }

    /// A name for a call that templates of this syntax accept: Mistral's insist on nine letters and digits.
    func makeCallID() -> String {
        switch self {
        case .tagged: "call_" + Identifier.random(24)
        case .list: Identifier.random(9)
        }
    }

    /// The calls as the model would write them.
    func text(of calls: [ToolCall]) -> String {
        let objects = calls.map {
            "{\"name\": \(JSONText.string(.string($0.name))), \"arguments\": \($0.arguments)}"
        }
        return opening + lead + objects.joined(separator: separator) + closing
    }
}

/// How a model is told of its tools.
struct ToolStyle: Sendable, Hashable {
    var syntax: ToolSyntax
    /// Whether the chat template knows tools; else a system text tells of them.
    var isTemplated: Bool

    /// The style that suits a chat template: its own where it writes tools in a syntax that is understood here.
    init(templateSource source: String) {
        let knowsTools = source.contains("tools")
        if knowsTools, source.contains("<tool_call>") {
            self.init(syntax: .tagged, isTemplated: true)
        } else if knowsTools, source.contains("[TOOL_CALLS]") {
            self.init(syntax: .list, isTemplated: true)
        } else {
            self.init(syntax: .tagged, isTemplated: false)
        }
    }

    init(syntax: ToolSyntax, isTemplated: Bool) {
        self.syntax = syntax
        self.isTemplated = isTemplated
    }
}

/// Names that nobody has had before.
enum Identifier {
    private static let letters = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// `count` random letters and digits.
    static func random(_ count: Int) -> String {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<count).map { _ in letters[Int.random(in: 0..<letters.count, using: &generator)] }
        return String(decoding: bytes, as: UTF8.self)
    }
}
