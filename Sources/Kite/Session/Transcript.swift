/// What was said in a conversation: the instructions, then prompts and responses in order.
public struct Transcript: Sendable, Hashable, Codable {
    /// One message.
    public struct Entry: Sendable, Hashable, Codable {
        /// Who said it.
        public enum Role: String, Sendable, Hashable, Codable {
            /// The person.
            case user
            /// The model.
            case assistant
        }

        /// Who said it.
        public var role: Role
        /// What was said.
        public var content: String

        /// A message of `role`.
        public init(role: Role, content: String) {
            self.role = role
            self.content = content
        }
    }

    /// The system message, if there is one.
    public var instructions: String?
    /// The messages, oldest first.
    public var entries: [Entry]

    /// A transcript with the given content.
    public init(instructions: String? = nil, entries: [Entry] = []) {
        self.instructions = instructions
        self.entries = entries
    }
}
