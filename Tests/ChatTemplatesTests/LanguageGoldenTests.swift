import ChatTemplates
import ModelFiles
import Testing

@Suite("The language prints what Jinja2 prints")
struct LanguageGoldenTests {
    /// Where this implementation names an error differently on purpose.
    private static let otherKinds: [String: ChatTemplateError.Kind] = [
        "{{ nope|abs }}": .undefined, "{{ '{}'.format() }}": .value, "{{ 2 ** 63 }}": .arithmetic,
    ]

    @Test func everySnippet() throws {
        let file = try golden("snippets.json")
        let names = try context(file["context"])
        let snippets = try file["snippets"]?.asArray() ?? []
        try #require(snippets.count > 200)
        for snippet in try snippets.map({ try $0.asObject() }) {
            let source = try snippet.string("source") ?? ""
            let difference = try Outcome(source, names).difference(from: snippet, kind: Self.otherKinds[source])
            #expect(difference == nil, "\(source)")
        }
    }
}
