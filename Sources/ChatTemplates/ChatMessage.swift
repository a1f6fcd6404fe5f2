/// One turn of a conversation: who speaks and what is said.
public struct ChatMessage: Sendable, Hashable {
    /// Who speaks. Templates know `system`, `user` and `assistant`; some know more.
    public var role: String
    /// What is said, as plain text.
    public var content: String

    /// Makes a turn.
    public init(role: String, content: String) {
        self.role = role
        self.content = content
    }

    /// The role of instructions that hold for the whole conversation.
    public static let systemRole = "system"
    /// The role of the person who asks.
    public static let userRole = "user"
    /// The role of the model.
    public static let assistantRole = "assistant"

    /// Instructions that hold for the whole conversation.
    public static func system(_ content: String) -> ChatMessage { ChatMessage(role: systemRole, content: content) }
    /// A turn of the person who asks.
    public static func user(_ content: String) -> ChatMessage { ChatMessage(role: userRole, content: content) }
    /// A turn of the model.
    public static func assistant(_ content: String) -> ChatMessage {
        ChatMessage(role: assistantRole, content: content)
    }
}

extension ChatMessage {
    /// The turn as templates see it: a mapping of `role` and `content`.
    package var templateValue: TemplateValue {
        .object([.init("role", .string(role)), .init("content", .string(content))])
    }
}
