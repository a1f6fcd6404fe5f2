import Testing

@testable import KiteCLI

@Suite struct SlashCommandTests {
    @Test(
        arguments: [
            ("/help", .help), ("/?", .help), ("/HELP", .help), ("/clear", .clear), ("/regen", .regenerate),
            ("/stats", .stats),
            ("/exit", .exit), ("/quit", .exit), ("/system", .system(nil)), ("/system Be brief. ", .system("Be brief.")),
            ("/system -", .system("")), ("/save a b.json", .save("a b.json")), ("/load x.json", .load("x.json")),
            ("/save", .incomplete("/save FILE")), ("/hlep", .unknown("/hlep", suggestions: ["/help"])),
            ("/xyzzy", .unknown("/xyzzy", suggestions: [])), ("/re", .unknown("/re", suggestions: ["/regen"])),
        ] as [(String, SlashCommand)])
    func reads(_ text: String, _ command: SlashCommand) {
        #expect(SlashCommand(text) == command)
    }

    @Test(arguments: ["hello", " /help", "/etc/hosts is a file", "/a1", "//comment", "/help\nme", "1/2"])
    func leavesMessagesAlone(_ text: String) {
        #expect(SlashCommand(text) == nil)
    }

    @Test func helpNamesEveryCommand() {
        for row in SlashCommand.table { #expect(SlashCommand.helpText.contains(row.name + " ")) }
    }
}
