import ChatTemplates
import ModelFiles
import Testing

@Suite("Published templates print what Jinja2 prints")
struct ConversationGoldenTests {
    @Test func everyConversation() throws {
        let file = try golden("conversations.json")
        let templates = try file["templates"]?.asObject().members ?? []
        let conversations = try file["conversations"]?.asArray() ?? []
        let cases = try file["cases"]?.asArray().map { try $0.asObject() } ?? []
        try #require(templates.count >= 8 && cases.count > 400)
        for member in templates {
            let template = try ChatTemplate(source: member.value["source"]?.asString() ?? "")
            let bos = try member.value["bos"]?.asString()
            let eos = try member.value["eos"]?.asString()
            for entry in cases where try entry.string("template") == member.key {
                let number = try entry.int("conversation") ?? 0
                let conversation = conversations[number]
                let messages = try conversation.asArray().map { message in
                    let message = try message.asObject()
                    return ChatMessage(
                        role: try message.string("role") ?? "", content: try message.string("content") ?? "")
                }
                let prompt = try entry.bool("prompt") ?? false
                let place = "\(member.key), conversation \(number), prompt \(prompt)"
                let outcome = Outcome(template, messages, prompt: prompt, bos: bos, eos: eos)
                let difference = try outcome.difference(from: entry)
                #expect(difference == nil, "\(place)")
            }
        }
    }
}
