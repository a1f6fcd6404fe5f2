import Testing

@testable import Grammars

@Suite struct CompositionTests {
    @Test func aToolCallAroundItsArguments() throws {
        let arguments = try Grammar(
            jsonSchema:
                ##"{"type":"object","properties":{"a":{"$ref":"#/$defs/n"}},"required":["a"],"$defs":{"n":{"type":"integer"}}}"##
        )
        let call = try Grammar.sequence([.text("<call>"), arguments, .text("</call>")])
        let either = try Grammar.choice([call, .text("no")])
        #expect(try either.accepts(#"<call>{"a": 1}</call>"#))
        #expect(try either.accepts("no"))
        #expect(try !either.accepts(#"<call>{"a": "x"}</call>"#))
        let several = try Grammar.repeated(either, least: 1, most: 2)
        #expect(try several.accepts("nono"))
        #expect(try !several.accepts("nonono"))
        #expect(try Grammar.text("a").optional.accepts(""))
    }

    @Test func equalRulesAreEqualGrammars() throws {
        let source = "root ::= \"a\" x\nx ::= [b-d]+"
        #expect(try Grammar(gbnf: source) == Grammar(gbnf: source))
        #expect(try Grammar(gbnf: source).hashValue == Grammar(gbnf: source).hashValue)
        #expect(try Grammar(gbnf: source) != Grammar(gbnf: "root ::= \"a\""))
    }

    @Test func anyJSON() throws {
        for text in ["null", "true", "-1.5e3", "\"\\ud83d\\ude00\"", "[1, {\"a\":[]}]", "{}"] {
            #expect(try Grammar.jsonValue.accepts(text))
            #expect(try Grammar.jsonObject.accepts(text) == text.hasPrefix("{"))
        }
    }

    @Test func anyTextIsText() throws {
        #expect(try Grammar.anyText.accepts("é\u{0}😀"))
        var matcher = try Matcher(Grammar.anyText)
        for bytes: [UInt8] in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xC3]] {
            #expect(try !matcher.matches(bytes))
        }
    }

    @Test func choicesOfTexts() throws {
        #expect(try Grammar(choices: ["a", "ab", "", "b"]).accepts("ab"))
        #expect(try !Grammar(choices: ["a", "abc"]).accepts("ab"))
        #expect(errorOf { try Grammar(choices: []) } == .unsatisfiable(path: "#"))
    }

    /// Ranges of characters as bytes: every boundary of UTF-8 on either side.
    @Test func characterRanges() throws {
        let edges: [UInt32] = [
            0, 0x41, 0x7F, 0x80, 0x7FF, 0x800, 0xFFF, 0x1000, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x3FFFF, 0x10FFFF,
        ]
        for low in edges {
            for high in edges where high >= low {
                let set = CharacterSet([low...high])
                var matcher = try Matcher(Grammar(rules: [Rule(name: "c", expression: .characters(set))], root: 0))
                for edge in edges.flatMap({ [$0 &- 1, $0, $0 + 1] }) {
                    guard let scalar = Unicode.Scalar(edge) else { continue }
                    #expect(try matcher.matches(String(Character(scalar)).utf8) == (low...high).contains(edge))
                }
                #expect(set.inverted.inverted == set)
            }
        }
    }
}
