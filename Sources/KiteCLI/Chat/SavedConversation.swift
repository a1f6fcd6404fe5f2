import Kite

/// A conversation in a file: JSON with `messages` as the OpenAI API has them.
struct SavedConversation: Equatable {
    /// What the model called itself.
    var model: String
    var transcript: Transcript

    private static let format = "kite-conversation"

    /// The file's contents.
    func encoded() throws -> [UInt8] {
        var messages: [JSONValue] = []
        if let instructions = transcript.instructions { messages.append(Self.message("system", instructions)) }
        messages += transcript.entries.map { Self.message($0.role.rawValue, $0.content) }
        let file: JSONValue = [
            "format": .string(Self.format), "version": 1, "model": .string(model), "messages": .array(messages),
        ]
        return try file.encoded(pretty: true) + [0x0A]
    }

    private static func message(_ role: String, _ content: String) -> JSONValue {
        ["role": .string(role), "content": .string(content)]
    }

    init(model: String, transcript: Transcript) {
        self.model = model
        self.transcript = transcript
    }

    /// Reads a file's contents.
    /// - Throws: ``CLIError`` that says what in `name` is not as it should be.
    init(parsing bytes: [UInt8], named name: String) throws {
        do {
            let file = try JSONValue(parsing: bytes).asObject()
            guard let messages = try file.array("messages") else {
                throw CLIError.failure("\(name) is no saved conversation: it has no \"messages\"")
            }
            if let version = try file.int("version"), version != 1 {
                throw CLIError.failure("\(name) has format version \(version), this program reads version 1")
            }
            model = try file.string("model") ?? ""
            transcript = Transcript()
            for (index, value) in messages.enumerated() {
                let message = try value.asObject()
                guard let role = try message.string("role"), let content = try message.string("content") else {
                    throw CLIError.failure("\(name): message \(index + 1) lacks a role or a content")
                }
                try append(role, content, index: index, name: name)
            }
        } catch let error as JSONError {
            throw CLIError.failure("\(name) is no saved conversation: \(error)")
        }
    }

    private mutating func append(_ role: String, _ content: String, index: Int, name: String) throws {
        if role == "system", index == 0 {
            transcript.instructions = content
            return
        }
        guard let role = Transcript.Entry.Role(rawValue: role) else {
            throw CLIError.failure(
                "\(name): message \(index + 1) has the role \"\(Console.oneLine(role))\", which cannot stand there")
        }
        guard role != transcript.entries.last?.role, role == .user || !transcript.entries.isEmpty else {
            throw CLIError.failure("\(name): message \(index + 1) is out of turn: user and assistant must alternate")
        }
        transcript.entries.append(.init(role: role, content: content))
    }
}
