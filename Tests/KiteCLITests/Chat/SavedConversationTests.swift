import Kite
import Testing

@testable import KiteCLI

@Suite struct SavedConversationTests {
    @Test func survivesTheFile() throws {
        let transcript = Transcript(
            instructions: "Be brief.",
            entries: [.init(role: .user, content: "Hi \"you\"\n"), .init(role: .assistant, content: "日本")])
        let saved = SavedConversation(model: "nano", transcript: transcript)
        #expect(try SavedConversation(parsing: saved.encoded(), named: "file") == saved)
    }

    @Test(arguments: [
        ("", "JSON ends"), ("[]", "an array where an object should be"), ("{}", "has no \"messages\""),
        (#"{"version": 2, "messages": []}"#, "format version 2"),
        (#"{"messages": [{"role": "user"}]}"#, "message 1 lacks a role or a content"),
        (#"{"messages": [{"role": "tool", "content": ""}]}"#, "which cannot stand there"),
        (#"{"messages": [{"role": "assistant", "content": ""}]}"#, "message 1 is out of turn"),
        (
            #"{"messages": [{"role": "user", "content": ""}, {"role": "user", "content": ""}]}"#,
            "message 2 is out of turn"
        ),
        (#"{"messages": [{"role": "user", "content": ""}, {"role": "system", "content": ""}]}"#, "cannot stand there"),
        (#"{"messages": [{"role": "user", "content": 3}]}"#, "a number where a string should be"),
    ])
    func refusesOtherFiles(_ text: String, _ reason: String) {
        let error = #expect(throws: CLIError.self) {
            try SavedConversation(parsing: Array(text.utf8), named: "file.json")
        }
        #expect(error?.description.hasPrefix("file.json") == true)
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }
}
