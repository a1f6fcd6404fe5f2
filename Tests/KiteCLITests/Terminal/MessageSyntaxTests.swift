import Testing

@testable import KiteCLI

@Suite struct MessageSyntaxTests {
    @Test(arguments: [
        ("hello", false), ("hello\\", true), ("hello\\\\", false), ("\"\"\"", true), ("\"\"\"a", true),
        ("\"\"\"a\"\"\"", false), ("\"\"\"a\n\"\"\"  ", false), ("\"\"\"\"\"\"", false), ("say \"\"\"", false),
    ])
    func knowsWhenAMessageGoesOn(_ text: String, _ isContinued: Bool) {
        #expect(MessageSyntax.isContinued(text) == isContinued)
    }

    @Test(arguments: [
        ("  hello \n", "hello"), ("\"\"\"\na\nb\n\"\"\"", "a\nb"), ("\"\"\"a\"\"\"", "a"), ("\"\"\" a \"\"\"", " a "),
        ("", ""), ("\"\"\"a", "a"),
    ])
    func takesTheMessageOut(_ text: String, _ message: String) {
        #expect(MessageSyntax.message(text) == message)
    }
}
