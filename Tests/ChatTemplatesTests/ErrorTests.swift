import ChatTemplates
import Testing

@Suite("Errors say what and where")
struct ErrorTests {
    @Test(arguments: [
        ("\n\n{{ a b }}", ChatTemplateError.Kind.syntax, 3),
        ("a\n{% include 'x' %}", .unsupported, 2),
        ("{% import 'x' as y %}", .unsupported, 1),
        ("{% from 'x' import y %}", .unsupported, 1),
        ("{% extends 'x' %}", .unsupported, 1),
        ("{% block x %}{% endblock %}", .unsupported, 1),
        ("{% for i in x recursive %}{% endfor %}", .unsupported, 1),
        ("{% nope %}", .unsupported, 1),
        ("\n{{ 1|nope }}", .unknownFilter, 2),
        ("\n\n\n{{ 1 is nope }}", .unknownTest, 4),
        ("{% if 1 %}\n{{ x.y }}\n{% endif %}", .undefined, 2),
        ("\r\n\r\n{{ 1 / 0 }}", .arithmetic, 3),
        ("{{ 9223372036854775807 + 1 }}", .arithmetic, 1),
        ("{{ 9223372036854775808 }}", .arithmetic, 1),
        ("{{ (-9223372036854775807 - 1) // -1 }}", .arithmetic, 1),
        ("{{ -(-9223372036854775807 - 1) }}", .arithmetic, 1),
        ("{{ (-9223372036854775807 - 1)|abs }}", .arithmetic, 1),
        ("{{ 2 ** 63 }}", .arithmetic, 1),
        ("{{ 2 ** 9223372036854775807 }}", .arithmetic, 1),
        ("{{ 1e300|int }}", .arithmetic, 1),
        ("{{ '99999999999999999999'|int }}", .arithmetic, 1),
        ("{{ 9223372036854775807|round(-1) }}", .arithmetic, 1),
        ("{{ 'x'.__class__ }}", .forbidden, 1),
        ("{{ 'x'['__class__'] }}", .forbidden, 1),
        ("{{ ''|attr('__class__') }}", .forbidden, 1),
        ("{{ [{}]|map(attribute='__class__')|list }}", .forbidden, 1),
        ("{{ '{0.__class__}'.format(1) }}", .forbidden, 1),
        ("{{ raise_exception.__globals__ }}", .forbidden, 1),
        ("{{ namespace().__init__ }}", .forbidden, 1),
        ("{% for i in [1] %}{{ loop.__class__ }}{% endfor %}", .forbidden, 1),
        ("{% set l = [] %}{{ l.append(1) }}", .forbidden, 1),
        ("{{ {}.setdefault('a', 1) }}", .forbidden, 1),
        ("{{ strftime_now('%Q') }}", .value, 1),
        ("{{ '\\ud83d' }}", .syntax, 1),
        ("{{ \"x", .syntax, 1),
        ("{{ [1]|map('upper') }}", .type, 1),
    ])
    func kindAndLine(_ source: String, _ kind: ChatTemplateError.Kind, _ line: Int) {
        let error = failure(source)
        #expect(error?.kind == kind, "\(source): \(error?.description ?? "no error")")
        #expect(error?.line == line, "\(source): \(error?.description ?? "no error")")
        #expect(error?.description.contains("\n") == false)
    }

    @Test func theTemplatesOwnWords() {
        let error = failure("{{ raise_exception('Only user and assistant roles are supported!') }}")
        #expect(error?.message == "Only user and assistant roles are supported!")
        #expect(error?.kind == .raised)
    }

    @Test func itemsOfUserDataAreReachableUnderAnyName() throws {
        #expect(try render("{{ x['__class__'] }}{{ x.__class__ }}", ["x": ["__class__": 1]]) == "11")
    }

    @Test func valuesOfTheCaller() throws {
        let names: [String: TemplateValue] = [
            "o": ["b": 1, "a": [nil, true, 2.5], "b": 3], "unused": .string("x"), "range": 5,
        ]
        #expect(
            try render("{{ o }} {{ o|tojson }} {{ range }}", names)
                == "{'b': 3, 'a': [None, True, 2.5]} {\"b\": 3, \"a\": [null, true, 2.5]} 5")
        #expect(try render("{{ o.a[2] }}{{ o.a[0] is none }}", names) == "2.5True")
    }

    @Test func definedNames() throws {
        let template = try ChatTemplate(
            source: "{{ tools is defined and tools is none }} {{ bos_token is defined }} {{ eos_token }} {{ extra }}")
        let text = try template.render(
            messages: [], addGenerationPrompt: false, bosToken: nil, eosToken: "</s>", variables: ["extra": 1])
        #expect(text == "True False </s> 1")
    }
}
