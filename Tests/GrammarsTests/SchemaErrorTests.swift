import ModelFiles
import Testing

@testable import Grammars

/// What cannot be honoured is an error that names the keyword and the place, never a grammar that lets more through.
@Suite struct SchemaErrorTests {
    private static func inside(_ schema: String) -> String { #"{"type":"object","properties":{"x":\#(schema)}}"# }

    @Test(arguments: [
        ("not", #"{"not":{"type":"string"}}"#), ("if", #"{"if":{},"then":{}}"#),
        ("patternProperties", #"{"patternProperties":{"a":{}}}"#), ("propertyNames", #"{"propertyNames":{}}"#),
        ("dependentRequired", #"{"dependentRequired":{}}"#), ("dependentSchemas", #"{"dependentSchemas":{}}"#),
        ("dependencies", #"{"dependencies":{}}"#), ("contains", #"{"contains":{}}"#),
        ("unevaluatedProperties", #"{"unevaluatedProperties":false}"#),
        ("unevaluatedItems", #"{"unevaluatedItems":false}"#), ("uniqueItems", #"{"type":"array","uniqueItems":true}"#),
        ("maxlength", #"{"type":"string","maxlength":3}"#), ("$dynamicRef", ##"{"$dynamicRef":"#a"}"##),
        ("$ref", #"{"$ref":"https://example.org/schema"}"#), ("$ref", ##"{"$ref":"#name"}"##),
        ("multipleOf", #"{"type":"number","multipleOf":0.01}"#),
        ("multipleOf", #"{"type":"integer","multipleOf":1000}"#),
        ("multipleOf", #"{"type":"integer","multipleOf":3,"minimum":5}"#),
        ("format", #"{"type":"string","format":"iri"}"#),
        ("format", #"{"type":"string","format":"date","pattern":"^a"}"#),
        ("pattern", #"{"allOf":[{"pattern":"^a"},{"pattern":"b$"}]}"#),
        ("maxLength", #"{"type":"string","pattern":"^a*b*$","maxLength":5}"#),
        ("minLength", #"{"type":"string","format":"email","minLength":30}"#),
        ("minProperties", #"{"type":"object","additionalProperties":true,"minProperties":2}"#),
        ("minProperties", #"{"properties":{"a":{}},"minProperties":1}"#),
        ("maxProperties", #"{"properties":{"a":{},"b":{}},"maxProperties":1}"#),
        ("oneOf", #"{"oneOf":[{"type":"integer"},{"type":"number"}]}"#),
        ("oneOf", #"{"oneOf":[{"properties":{"a":{"const":1}}},{"properties":{"a":{"const":2}}}]}"#),
        ("oneOf", #"{"oneOf":[{"maxLength":3},{"type":"string"}]}"#),
        ("enum", #"{"enum":[{"a":1}],"properties":{"a":{"type":"string"}}}"#),
        ("$id", ##"{"properties":{"a":{"$id":"b","$ref":"#"}}}"##),
        ("minimum", #"{"type":"integer","exclusiveMinimum":9223372036854775807}"#),
        ("maximum", #"{"type":"integer","exclusiveMaximum":-9223372036854775808}"#),
        ("minimum", #"{"type":"integer","minimum":1e30}"#), ("minimum", #"{"type":"number","minimum":1e16}"#),
    ])
    func namesTheKeywordAndItsPlace(keyword: String, schema: String) {
        for (text, place) in [(schema, "#"), (Self.inside(schema), "#/properties/x")] {
            let error = errorOf { try Grammar(jsonSchema: text) }
            guard case .unsupportedKeyword(keyword, _, let path)? = error else {
                Issue.record("\(text): \(error.map(\.description) ?? "accepted")")
                continue
            }
            #expect(path.hasPrefix(place))
            #expect(error?.description.contains("unsupported keyword \"\(keyword)\" at \(path)") ?? false)
        }
    }

    @Test(arguments: [
        (#"{"type":"text"}"#, "#"), (#"{"type":5}"#, "#"), (#"{"properties":[]}"#, "#"), (#"{"required":"a"}"#, "#"),
        (#"{"required":[1]}"#, "#"), (#"{"enum":5}"#, "#"), (#"{"items":5}"#, "#/items"), (#"{"anyOf":[]}"#, "#"),
        (#"{"anyOf":{}}"#, "#"), (#"{"minLength":-1}"#, "#"), (#"{"minLength":1.5}"#, "#"), (#"{"maxItems":"1"}"#, "#"),
        (#"{"minimum":"1"}"#, "#"), (#"{"pattern":5}"#, "#"), (#"{"format":5}"#, "#"), (#"{"$ref":5}"#, "#"),
        (##"{"$ref":"#/$defs/gone"}"##, "#"), (##"{"$ref":"#/~2"}"##, "#"), ("5", "#"), (#"[]"#, "#"),
        (#"{"properties":{"a/b":{"type":1}}}"#, "#/properties/a~1b"), (#"{"uniqueItems":1}"#, "#"),
        (##"{"$ref":"#"}"##, "#"),
        (##"{"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}},"$ref":"#/$defs/a"}"##, "#"),
        (##"{"anyOf":[{"type":"string"},{"$ref":"#"}]}"##, "#"),
        (##"{"allOf":[{"$ref":"#"},{"type":"object"}]}"##, "#"),
    ])
    func namesWhatIsMalformed(schema: String, place: String) {
        let error = errorOf { try Grammar(jsonSchema: schema) }
        guard case .invalidSchema(_, let path)? = error else {
            Issue.record("\(schema): \(error.map(\.description) ?? "accepted")")
            return
        }
        #expect(path.hasPrefix(place))
    }

    @Test(arguments: [
        "false", #"{"type":[]}"#, #"{"enum":[]}"#, #"{"allOf":[{"type":"string"},{"type":"object"}]}"#,
        #"{"type":"integer","minimum":5,"maximum":4}"#, #"{"type":"string","minLength":5,"maxLength":4}"#,
        #"{"type":"array","minItems":2,"maxItems":1}"#, #"{"type":"string","enum":[1,2]}"#,
        #"{"type":"object","properties":{"a":false},"required":["a"]}"#,
        #"{"type":"object","required":["a"],"additionalProperties":false}"#,
        ##"{"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]}"##,
        #"{"const":1,"enum":[2]}"#, #"{"type":"integer","exclusiveMinimum":1,"exclusiveMaximum":2}"#,
        #"{"type":"number","minimum":2,"maximum":1}"#, #"{"type":"number","minimum":1,"exclusiveMaximum":1}"#,
    ])
    func nothingCanSatisfy(schema: String) {
        #expect(errorOf { try Grammar(jsonSchema: schema) } == .unsatisfiable(path: "#"), "\(schema)")
    }

    @Test func anAlternativeThatNothingSatisfiesIsLeftOut() throws {
        let grammar = try Grammar(
            jsonSchema:
                ##"{"anyOf":[{"$ref":"#/$defs/n"},{"type":"null"}],"$defs":{"n":{"type":"object","properties":{"n":{"$ref":"#/$defs/n"}},"required":["n"]}}}"##
        )
        #expect(try grammar.accepts("null"))
        #expect(try !grammar.accepts("{"))
    }

    @Test(arguments: ["", "{", #"{"a":1,"a":2}"#, "nope", String(repeating: "[", count: 10_000)])
    func textsThatAreNoJSON(schema: String) {
        guard case .invalidJSON? = errorOf({ try Grammar(jsonSchema: schema) }) else {
            Issue.record("accepted")
            return
        }
    }

    @Test func deepSchemas() throws {
        // As deep as the parser of JSON goes.
        let open = String(repeating: #"{"type":"array","items":"#, count: 120)
        let grammar = try Grammar(jsonSchema: open + #"{"type":"null"}"# + String(repeating: "}", count: 120))
        #expect(try grammar.accepts(String(repeating: "[", count: 120) + "null" + String(repeating: "]", count: 120)))
        let anyOf = String(repeating: #"{"anyOf":["#, count: 60)
        #expect(try Grammar(jsonSchema: anyOf + "{}" + String(repeating: "]}", count: 60)).accepts("1"))
        let allOf = String(repeating: #"{"type":"null","allOf":["#, count: 60)
        #expect(try Grammar(jsonSchema: allOf + "{}" + String(repeating: "]}", count: 60)).accepts("null"))
    }

    @Test func alternativesThatMultiply() {
        let pair = #"{"anyOf":[{"minimum":1},{"minimum":2},{"minimum":3},{"minimum":4}]}"#
        let schema = #"{"allOf":[\#(Array(repeating: pair, count: 12).joined(separator: ","))]}"#
        #expect(errorOf { try Grammar(jsonSchema: schema) } == .tooLarge("combined alternatives", limit: 256))
    }

    @Test func referencesThatMultiply() {
        let links = (0..<20).map {
            ##""a\##($0)":{"allOf":[{"$ref":"#/$defs/a\##($0 + 1)"},{"$ref":"#/$defs/a\##($0 + 1)"}]}"##
        }
        let schema = ##"{"$ref":"#/$defs/a0","$defs":{\##(links.joined(separator: ",")),"a20":{"minimum":1}}}"##
        #expect(errorOf { try Grammar(jsonSchema: schema) } == .tooLarge("combined schemas", limit: 200_000))
        let nested =
            String(repeating: #"{"oneOf":["#, count: 60) + #"{"type":"null"}"# + String(repeating: "]}", count: 60)
        #expect(errorOf { try Grammar(jsonSchema: nested) } == nil)
    }

    @Test func countsBeyondTheLimit() {
        for schema in [#"{"type":"string","maxLength":1000000}"#, #"{"type":"array","minItems":1000000}"#] {
            guard case .repetitionTooLarge(let limit, _, _)? = errorOf({ try Grammar(jsonSchema: schema) }) else {
                Issue.record("\(schema) is accepted")
                continue
            }
            #expect(limit == 10_000)
        }
    }

    @Test func descriptionsConstrainNothing() throws {
        let grammar = try Grammar(
            jsonSchema:
                #"{"$schema":"x","$id":"y","title":"t","description":"d","default":1,"examples":[],"deprecated":true,"readOnly":true,"$comment":"c","x-order":1,"type":"integer","$defs":{"a":{"not":{}}}}"#
        )
        #expect(try grammar.accepts("1"))
        #expect(try Grammar(jsonSchema: #"{"type":"string","nullable":true}"#).accepts("null"))
    }
}
