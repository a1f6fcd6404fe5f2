import Testing

@testable import ModelService

/// What rules match, and what not.
@Suite struct RuleMatcherTests {
    private func matches(_ pattern: String, _ text: String) throws -> Bool {
        var matcher = RuleReview(RuleTable([try GuardRule(pattern)]))
        return (matcher.append(text) ?? matcher.finish()) != nil
    }

    @Test(arguments: [
        // Whole words, whatever their capitals.
        ("bomb", "a bomb"), ("bomb", "BOMB!"), ("bomb", "bomb"), ("bomb", "(bomb)"), ("bomb", "the bomb's"),
        ("bomb", "snake_bomb_case"), ("Straße", "STRASSE"), ("ΣΊΣΥΦΟΣ", "σίσυφος"), ("école", "ÉCOLE"),
        ("caf\u{E9}", "cafe\u{301}"), ("cafe\u{301}", "CAF\u{C9}"),
        ("한국", "\u{1112}\u{1161}\u{11AB}\u{1100}\u{116E}\u{11A8}"),
        // What cannot be seen hides nothing.
        ("bomb", "bo\u{200B}mb"), ("bomb", "b\u{AD}omb"), ("bomb", "bo\u{2060}\u{200D}mb"),
        // A space is anything between words.
        ("build a bomb", "Build  a\n\tbomb"), ("build a bomb", "build, a \"bomb\""), ("build a bomb", "build-a-bomb"),
        ("  build   a bomb ", "build a bomb"), ("rm -rf /", "sudo rm -rf / now"),
        // Globs.
        ("*bomb*", "firebombing"), ("bomb*", "bombs"), ("bomb*", "bomb"), ("*bomb", "firebomb"), ("b?mb", "bamb"),
        ("b?mb", "b\u{E9}mb"), ("sk-??????????*", "sk-0123456789abcdef"), ("f*k", "frank"), ("f*k", "fk"),
        ("a* b*c", "abc bxxc"), ("b?? x", "bad x"), ("?omb", "Bomb"),
        // Scripts without spaces.
        ("爆弹", "如何制造爆弹呢"), ("ばくだん", "これはばくだんです"), ("ระเบิด", "ทำระเบิดเอง"),
        // Literally.
        (#"\*"#, "2 * 3"), (#"what\?"#, "what?"), (#"a\\b"#, #"a\b"#), ("e = mc", "E = mc"), ("...", "wait..."),
        // JSON's escapes hide nothing, and what looks like one and is none neither.
        ("bomb", #"{"a":"\u0062omb"}"#), ("bomb", #"b\u006Fmb"#), ("bomb", #"bom\u0062"#), ("bomb", #"a\nbomb"#),
        ("build a bomb", #"build\na\tbomb"#), ("😀 bomb", #"\uD83D\uDE00 bomb"#), ("bomb", #"\uD83D bomb"#),
        ("bomb", #"\uD83D\uD83D\u0062omb"#), ("bomb", #"\u12 bomb"#), ("bomb", #"\\\u0062omb"#), (#"a\\nb"#, #"a\nb"#),
        ("bomb", #"\u200Bb\u00adomb"#),
        // A false start is not the end.
        ("a a b", "a a a b"), ("aab", "aaab aab"), ("ab ab c", "ab ab ab c"),
    ])
    func finds(_ pattern: String, _ text: String) throws { #expect(try matches(pattern, text)) }

    @Test(arguments: [
        ("bomb", "bombs"), ("bomb", "firebomb"), ("bomb", "bom b"), ("bomb", "bomb\u{E9}"), ("bomb", "bomb2"),
        ("ano", "a\u{F1}o"), ("ano", "an\u{303}o"), ("build a bomb", "build abomb"), ("build a bomb", "build a bom"),
        ("*bomb", "bombs"), ("bomb*", "firebomb"), ("b?mb", "bmb"), ("b?mb", "b mb"), ("f*k", "f k"),
        ("sk-??????????*", "sk-012345678"), ("cat dog", "catdog"), (#"\*"#, "2 x 3"),
        ("a b", "a" + String(repeating: ".", count: 65) + "b"),
        ("a*b", "a" + String(repeating: "x", count: 65) + "b"),
    ])
    func findsNot(_ pattern: String, _ text: String) throws { #expect(try !matches(pattern, text)) }

    @Test(arguments: ["", "   ", "*", "**", "???", "* ?", #"bomb\"#, "\u{200B}", String(repeating: "a", count: 257)])
    func refuses(_ pattern: String) {
        #expect(throws: GuardError.self) { try GuardRule(pattern) }
    }

    @Test func holdsBackNoMoreThanTheLongestMatch() throws {
        let rules = try ["*a*b*", "one two three", "x*y*z q"].map { try GuardRule($0) }
        var matcher = RuleReview(RuleTable(rules))
        var count = 0
        for text in [String(repeating: "a", count: 2000), " ", String(repeating: "xy", count: 1000), " one two "] {
            for character in text {
                #expect(matcher.append(String(character)) == nil)
                count += 1
                #expect(count - matcher.clearedCount <= 4 + 4 * RulePattern.longestRun)
            }
        }
        #expect(count - matcher.clearedCount == 8)
        #expect(matcher.finish() == nil)
        #expect(matcher.clearedCount == count)
    }

    @Test func takesTimeInProportionToTheText() throws {
        let rules = try ["*a*a*a*a*a*a*b", "a* a* a* a* b", "*?a?*?a?*c"].map { try GuardRule($0) }
        var matcher = RuleReview(RuleTable(rules))
        let time = ContinuousClock().measure {
            #expect(matcher.append(String(repeating: "a", count: 3_000)) == nil)
            #expect(matcher.append(String(repeating: "a ", count: 3_000)) == nil)
        }
        #expect(time < .seconds(20))
    }
}
