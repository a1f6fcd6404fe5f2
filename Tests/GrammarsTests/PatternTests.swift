import Foundation
import ModelFiles
import TestSupport
import Testing

@testable import Grammars

@Suite struct PatternTests {
    private func grammar(_ pattern: String) throws -> Grammar {
        var object = JSONObject()
        object["type"] = "string"
        object["pattern"] = .string(pattern)
        return try Grammar(jsonSchema: .object(object))
    }

    @Test(arguments: [
        "^[a-c]{2,3}$", "^(?:x|yz)+?$", "^(?<name>a|b)c*$", "^a.c$", "^[^a-y]$", #"^\d+(\.\d{1,2})?$"#, #"^[\w.-]+$"#,
        "ab|cd",
        "^ab|cd$", "^$", "^a?b?c?$", #"^\x41\u0042\t$"#, #"^[\]\\^-]+$"#, "^[a-]$", #"^\/a\.b\$\^$"#,
        "^(a(b(c)?)?)?$",
        #"^\S+\s\S$"#, #"^[^\s]$"#, "^a{0}b{2}$", "^[😀-😃]é$", "^a+a+$", "^(a|ab)(c|bcd)$",
    ])
    func agreesWithFoundation(pattern: String) throws {
        let grammar = try grammar(pattern)
        let expression = try NSRegularExpression(pattern: pattern)
        var random = FixedRandom(seed: 7)
        var texts = [
            "", "a", "ab", "abc", "aac", "a\nc", "xyz", "x", "12.34", "1.", "A.b-c_d", "]\\^-", "-", "cd", "abcd",
            "AB\t",
        ]
        texts += ["/a.b$^", "a b", " ", "bb", "😁é", "aa", "zz", "é"]
        let alphabet = Array("abcxyzABCD0123./-_]^\\ \t$é😀")
        for _ in 0..<300 {
            texts.append(
                String(
                    (0..<Int.random(in: 0..<5, using: &random)).compactMap { _ in alphabet.randomElement(using: &random)
                    }))
        }
        for text in texts {
            let expected = expression.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil
            // Foundation's `$` also matches before a line's end.
            if text.contains("\n") { continue }
            // And its `\w` knows letters beyond ASCII.
            if pattern.contains("\\w"), !text.utf8.allSatisfy({ $0 < 0x80 }) { continue }
            #expect(
                try grammar.accepts(String(decoding: JSONText.quoted(text), as: UTF8.self)) == expected,
                "\(pattern): \(text)")
        }
        for _ in 0..<100 {
            guard let text = try grammar.randomText(&random, length: 20) else { continue }
            guard case .string(let value)? = JSONText.parsed(text) else { continue }
            #expect(
                expression.firstMatch(in: value, range: NSRange(value.startIndex..., in: value)) != nil,
                "\(pattern): \(value)")
        }
    }

    @Test(arguments: [
        ("a(?=b)", "lookahead"), ("(?<!a)b", "lookbehind"), (#"(a)\1"#, "references"), (#"\bword"#, "border"),
        (#"\p{L}"#, "list the characters"), ("a^b", "ends only"), ("(^a)", "ends only"), ("(a", "not closed"),
        ("a)", "without"), ("[a", "not closed"), ("*a", "nothing before"), ("a**", "repetition of a repetition"),
        ("[b-a]", "out of order"), ("a{3,2}", "out of order"), ("a{99999}", "more than"), (#"\q"#, "unknown escape"),
        (#"\"#, "backslash"), ("(?i)a", "not honoured"), (#"\u{110000}"#, "no character"), (#"\ud800"#, "surrogate"),
        (String(repeating: "(", count: 60_000), "nested more"), (String(repeating: "a", count: 70_000), "longer"),
    ])
    func namesWhatIsNotHonoured(pattern: String, reason: String) {
        let error = errorOf { try grammar(pattern) }
        guard case .unsupportedPattern(_, let found, "#")? = error else {
            Issue.record("\(pattern.prefix(50)): \(error.map(\.description) ?? "accepted")")
            return
        }
        #expect(found.contains(reason))
    }
}
