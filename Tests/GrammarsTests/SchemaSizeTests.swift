import ModelFiles
import Testing

@testable import Grammars

/// Schemas made to keep their compiler busy. Each is compiled or refused in moments: a suite that does not end is the
/// failure.
@Suite(.timeLimit(.minutes(1))) struct SchemaSizeTests {
    private func list(_ count: Int, _ element: (Int) -> String) -> String {
        (0..<count).map(element).joined(separator: ",")
    }

    @Test func manyRequiredNames() throws {
        let names = list(50_000) { #""n\#($0)""# }
        #expect(errorOf { try Grammar(jsonSchema: #"{"required":[\#(names)]}"#) } == .tooLarge("rules", limit: 50_000))
        let more = list(50_001) { _ in #""n""# }
        #expect(
            errorOf { try Grammar(jsonSchema: #"{"required":[\#(more)]}"#) }
                == .tooLarge(#"names in "required""#, limit: 50_000))
        let few = try Grammar(jsonSchema: #"{"required":["b","a","b"],"properties":{"a":{"const":1}}}"#)
        #expect(try few.accepts(#"{"a": 1, "b": 2}"#))
    }

    /// A strict object has no rules for the names of others, which its own would be kept out of one by one.
    @Test func manyLongNamesAndNoOthers() throws {
        let names = (0..<400).map { String(String($0 &* 2_654_435_761, radix: 36).reversed()) + "-and-so-on-and-on" }
        let properties = list(names.count) { #""\#(names[$0])":{"type":"null"}"# }
        let grammar = try Grammar(
            jsonSchema: #"{"type":"object","properties":{\#(properties)},"additionalProperties":false}"#)
        #expect(try grammar.accepts(#"{"\#(names[7])": null}"#))
        #expect(try !grammar.accepts(#"{"other": null}"#))
    }

    @Test func longListsOfValues() throws {
        let values = list(40_000) { "\($0)" }
        let both = #"{"allOf":[{"enum":[\#(values)]},{"enum":[\#(list(40_000) { "\($0 + 39_999).0" })]}]}"#
        let grammar = try Grammar(jsonSchema: both)
        #expect(try grammar.accepts("39999"))
        #expect(try !grammar.accepts("39998"))
        #expect(
            errorOf { try Grammar(jsonSchema: #"{"enum":[\#(values),\#(values)]}"#) }
                == .tooLarge(#"values in "enum""#, limit: 50_000))
    }

    @Test func valuesThatAreTheSame() throws {
        let left = #"{"enum":[1,{"a":[1.0,null],"b":"x"},"1",true]}"#
        let right = #"{"enum":[1.0,{"b":"x","a":[1,null]},false,null]}"#
        let grammar = try Grammar(jsonSchema: #"{"allOf":[\#(left),\#(right)]}"#)
        #expect(try grammar.accepts("1"))
        #expect(try grammar.accepts(#"{"a":[1.0,null],"b":"x"}"#))
        for text in [#""1""#, "true", "false", "null"] { #expect(try !grammar.accepts(text)) }
    }

    @Test func longListsBesideAPattern() throws {
        let values = list(20_000) { #""word-\#($0)""# }
        let pattern = #""pattern":"^word-[0-9]{1,4}$""#
        let grammar = try Grammar(jsonSchema: #"{"type":"string","enum":[\#(values)],\#(pattern)}"#)
        #expect(try grammar.accepts(#""word-9999""#))
        #expect(try !grammar.accepts(#""word-10000""#))
    }

    /// A pattern that costs much for each text, and small lists beside it at many places.
    @Test func patternsThatAreSlowAtManyPlaces() {
        let slow = #"{"enum":["\#(String(repeating: "a", count: 200))b"],"pattern":"^(a?){2000}$"}"#
        let places = list(2000) { ##""p\##($0)":{"$ref":"#/$defs/slow"},"q\##($0)":\##(slow)"## }
        let error = errorOf { try Grammar(jsonSchema: ##"{"properties":{\##(places)},"$defs":{"slow":\##(slow)}}"##) }
        switch error {
        case .tooLarge, .tooAmbiguous: break
        default: Issue.record("\(error.map(\.description) ?? "accepted")")
        }
    }

    /// A large schema that is referred to from everywhere, on top of many alternatives.
    @Test func largeSchemasThatMultiply() {
        let names = list(20_000) { #""n\#($0)""# }
        let parts = list(256) { #"{"required":["x\#($0)"]}"# }
        let reference = ##"{"$ref":"#/$defs/big"}"##
        let schema = ##"""
            {"anyOf":[\##(parts)],"allOf":[\##(list(200) { _ in reference })],"$defs":{"big":{"required":[\##(names)]}}}
            """##
        #expect(errorOf { try Grammar(jsonSchema: schema) } == .tooLarge("combined schemas", limit: 200_000))
    }

    @Test func alternativesThatMustDiffer() throws {
        func schema(_ count: Int) -> String {
            let parts = list(count) {
                #"{"properties":{"kind":{"const":"k\#($0)"},"v":{"type":"integer"}},"required":["kind"]}"#
            }
            return #"{"oneOf":[\#(parts)]}"#
        }
        #expect(try Grammar(jsonSchema: schema(100)).accepts(#"{"kind": "k99", "v": 1}"#))
        // Nothing is in any of them, so that every pair has to be looked at.
        let nothing = list(1000) { _ in #"{"anyOf":[\#(list(60) { _ in #"{"type":[]}"# })]}"# }
        #expect(
            errorOf { try Grammar(jsonSchema: #"{"oneOf":[\#(nothing)]}"#) }
                == .tooLarge("compared alternatives", limit: 4_000_000))
    }

    @Test func longNamesAboveManyPlaces() {
        let name = String(repeating: "n", count: 100_000)
        let places = list(1000) { #""a\#($0)":{}"# }
        guard
            case .tooLarge(_, limit: 4096)? = errorOf({
                try Grammar(jsonSchema: #"{"properties":{"\#(name)":{"properties":{\#(places)}}}}"#)
            })
        else {
            Issue.record("no limit")
            return
        }
    }

    @Test func expressionsAddUp() {
        let places = list(12_000) { #""a\#($0)":{"type":"integer","multipleOf":7,"minimum":0,"maximum":6999}"# }
        #expect(
            errorOf { try Grammar(jsonSchema: #"{"properties":{\#(places)}}"#) } == .tooLarge("parts", limit: 1_000_000)
        )
    }

    @Test func severalSchemasShareABudget() throws {
        let large: JSONValue = ["type": "string", "pattern": "^[^a]{9000}[^b]{9000}$"]
        var budget = SchemaBudget()
        #expect(throws: GrammarError.tooLarge("states", limit: 400_000)) {
            for _ in 0..<64 { _ = try Grammar(jsonSchema: large, budget: &budget) }
        }
        // Each is small enough by itself.
        _ = try Grammar(jsonSchema: large)
    }

    @Test func draftsAreGrammarsInTheEnd() throws {
        let word = GrammarDraft(try Grammar(gbnf: "root ::= [a-c]+"))
        let pair = try GrammarDraft.sequence([word, .text("-"), word])
        let grammar = try Grammar(GrammarDraft.choice([pair.repeated(least: 1, most: 2), .text("no")]))
        for text in ["a-b", "a-bc-c", "no"] { #expect(try grammar.accepts(text)) }
        for text in ["", "a-", "a-b-c-a-"] { #expect(try !grammar.accepts(text)) }
        #expect(errorOf { try GrammarDraft.choice([]) } == .unsatisfiable(path: "#"))
        let rules = (1..<40_000).map { "r\($0) ::= \"a\"" }.joined(separator: "\n")
        let many = GrammarDraft(try Grammar(gbnf: "root ::= \"a\"\n\(rules)"))
        #expect(errorOf { try GrammarDraft.sequence([many, many]) } == .tooLarge("rules", limit: 50_000))
    }
}
