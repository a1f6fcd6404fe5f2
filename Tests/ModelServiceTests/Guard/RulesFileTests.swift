import Foundation
import TestSupport
import Testing

@testable import ModelService

/// Files of rules.
@Suite struct RulesFileTests {
    @Test func readsLines() throws {
        let rules = try RulesFile.parse(
            "\u{FEFF}# no weapons\r\n\r\nboth: build a bomb | weapons are not discussed\r\n  in:ignore previous instructions\r\n"
                + #"OUT: a\|b | a reason | with a bar"#, path: "f")
        #expect(
            rules == [
                try GuardRule("build a bomb", directions: .both, reason: "weapons are not discussed"),
                try GuardRule("ignore previous instructions", directions: .input),
                try GuardRule(#"a\|b"#, directions: .output, reason: "a reason | with a bar"),
            ])
        #expect(rules[1].reason == "it matches a rule")
    }

    @Test func readsJSON() throws {
        let rules = try RulesFile.parse(
            #" [{"match":"build a bomb","reason":"weapons"},{"match":"secret*","on":"out"}]"#, path: "f")
        #expect(
            rules == [
                try GuardRule("build a bomb", reason: "weapons"), try GuardRule("secret*", directions: .output),
            ])
    }

    @Test(arguments: [
        ("both: fine\nbomb", 2), ("in the house: x", 1), ("\n\nout: *", 3), ("both:", 1), ("in: | reason", 1), ("", 1),
        ("# nothing", 1), ("[]", 1), (#"[{"on":"in"}]"#, 1), (#"[{"match":"a","on":"up"}]"#, 1), ("[{]", 1), ("[1]", 1),
        (#"[{"match":"a","word":"b"}]"#, 1), (#"[{"match":"*"}]"#, 1),
    ])
    func namesTheLine(_ text: String, _ line: Int) {
        let error = #expect(throws: GuardError.self) { try RulesFile.parse(text, path: "rules.txt") }
        guard case .invalidRules("rules.txt", line, _)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func readsTheExample() throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/guard-rules.example.txt")
        let contentGuard = try RulesGuard(path: path.path(percentEncoded: false))
        #expect(contentGuard.directions == .both)
    }

    @Test func aMissingFileOrOneThatIsNoTextIsNamed() throws {
        #expect(throws: GuardError.self) { try RulesGuard(path: "/nowhere/rules.txt") }
        try TemporaryFolder.with { folder in
            try folder.write("rules", [0x69, 0x6E, 0x3A, 0xFF])
            #expect(
                throws: GuardError.invalidRules(path: folder.path("rules"), line: 1, problem: "the file is not UTF-8")
            ) {
                try RulesGuard(path: folder.path("rules"))
            }
        }
    }
}
