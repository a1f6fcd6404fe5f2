import ChatTemplates
import Testing

@Suite("Every limit stops a hostile template with its own error")
struct LimitTests {
    /// Limits small enough to reach at once.
    private static let small = ChatTemplate.Limits(
        sourceBytes: 100_000, nesting: 20, recursion: 60, steps: 100_000, outputBytes: 1000, items: 500,
        textBytes: 5000,
        memoryBytes: 2_000_000)

    @Test(arguments: [
        (String(repeating: "x", count: 100_001), ChatTemplateError.Kind.sourceTooLarge),
        ("{{ " + String(repeating: "(", count: 50) + "1" + String(repeating: ")", count: 50) + " }}", .nestingTooDeep),
        (String(repeating: "{% if a %}", count: 50), .nestingTooDeep),
        (
            "{{ " + String(repeating: "[", count: 40_000) + String(repeating: "]", count: 40_000) + " }}",
            .nestingTooDeep
        ),
        ("{{ " + String(repeating: "- ", count: 40_000) + "1 }}", .nestingTooDeep),
        ("{{ a" + String(repeating: ".b", count: 40_000) + " }}", .nestingTooDeep),
        ("{{ a" + String(repeating: "|d", count: 40_000) + " }}", .nestingTooDeep),
        ("{{ a" + String(repeating: " if a", count: 15_000) + " }}", .nestingTooDeep),
        ("{{ " + String(repeating: "a if a else ", count: 8000) + "a }}", .nestingTooDeep),
        (
            "{% set " + String(repeating: "(", count: 40_000) + String(repeating: ")", count: 40_000) + " %}",
            .nestingTooDeep
        ),
        ("{% macro f(n) %}{{ f(n) }}{% endmacro %}{{ f(1) }}", .recursionTooDeep),
        ("{% set l = range(500)|list %}{% for i in l %}{% if 501 in l %}{% endif %}{% endfor %}", .tooManySteps),
        ("{% for i in range(500) %}0123456789{% endfor %}", .outputTooLarge),
        ("{{ 'x' * 1001 }}", .outputTooLarge),
        ("{{ range(501) }}", .collectionTooLarge),
        ("{{ range(-9223372036854775807, 9223372036854775807) }}", .collectionTooLarge),
        ("{{ [1] * 501 }}", .collectionTooLarge),
        ("{{ 'x' * 9223372036854775807 }}", .collectionTooLarge),
        ("{{ [1, 2] * 9223372036854775807 }}", .collectionTooLarge),
        ("{{ 'x'.ljust(9223372036854775807) }}", .collectionTooLarge),
        ("{{ 'x'|center(9223372036854775807) }}", .collectionTooLarge),
        ("{{ '%9223372036854775807d' % 1 }}", .collectionTooLarge),
        ("{{ '{:99999999999999999999d}'.format(1) }}", .collectionTooLarge),
        ("{{ [1]|tojson(indent=9223372036854775807) }}", .collectionTooLarge),
        ("{{ 'x'|indent(9223372036854775807) }}", .collectionTooLarge),
        ("{{ [1]|batch(9223372036854775807, 0) }}", .collectionTooLarge),
        ("{{ [1]|slice(9223372036854775807) }}", .collectionTooLarge),
        ("{{ ('x' * 4000).replace('', 'yyyy') }}", .collectionTooLarge),
        ("{{ ('x' * 4000)|list }}", .collectionTooLarge),
        (
            "{% set ns = namespace(s='x') %}{% for i in range(40) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
            .collectionTooLarge
        ),
        ("{% for i in range(500) %}{% set s %}{{ 'x' * 4000 }}{% endset %}{% endfor %}", .memoryExceeded),
        (
            "{% set ns = namespace(l=[]) %}{% for i in range(500) %}{% set ns.l = ns.l + [i] %}{% endfor %}",
            .memoryExceeded
        ),
        // A list in a list in a list, and lists shared so often that printing them would never end.
        ("{% set ns = namespace(l=[]) %}{% for i in range(500) %}{% set ns.l = [ns.l] %}{% endfor %}", .nestingTooDeep),
        (
            "{% set ns = namespace(l=[]) %}{% for i in range(18) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}",
            .collectionTooLarge
        ),
        (
            "{% set ns = namespace(l=[]) %}{% for i in range(18) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}"
                + "{% set mt = namespace(l=[]) %}{% for i in range(18) %}{% set mt.l = [mt.l, mt.l] %}{% endfor %}"
                + "{{ ns.l == mt.l }}", .tooManySteps
        ),
        // Other things that hold values, in a chain.
        (
            "{% set ns = namespace(l=[]) %}{% for i in range(500) %}{% set ns.l = [ns.l.index] %}{% endfor %}",
            .nestingTooDeep
        ),
        (
            "{% set ns = namespace(l=1) %}{% for i in range(500) %}{% set ns.l = cycler(ns.l) %}{% endfor %}",
            .nestingTooDeep
        ),
        (
            "{% set ns = namespace(l=1) %}{% for i in range(500) %}{% for j in [ns.l] %}{% set ns.l = loop %}{% endfor %}"
                + "{% endfor %}", .nestingTooDeep
        ),
        ("{% set ns = namespace() %}{% set ns.self = ns %}{{ ns }}", .nestingTooDeep),
    ])
    func limit(_ source: String, _ kind: ChatTemplateError.Kind) {
        let error = failure(source, limits: Self.small)
        #expect(error?.kind == kind, "\(source.prefix(120)): \(error?.description ?? "no error")")
    }

    @Test func defaultsStopAnEndlessTemplateSoon() {
        let clock = ContinuousClock()
        let time = clock.measure {
            let source = "{% for i in range(100000) %}{% for j in range(100000) %}{{ i }}{% endfor %}{% endfor %}"
            #expect(failure(source)?.kind == .tooManySteps)
        }
        #expect(time < .seconds(20))
    }

    /// Macros, namespaces and loops may refer to each other in long chains and circles; freeing them must not recurse.
    @Test func chainsAreFreedWithoutRecursion() throws {
        #expect(
            try render(
                "{% set ns = namespace(m=1, n=1, l=1) %}{% for i in range(100000) %}{% set p = ns.m %}"
                    + "{% macro f() %}{% endmacro %}{% set ns.m = f %}{% set ns.n = namespace(n=ns.n) %}"
                    + "{% for j in [1] %}{% set c = loop.changed(ns.l, loop) %}{% set ns.l = loop %}{% endfor %}{% endfor %}x"
            ) == "x")
    }

    @Test func valuesOfTheCallerAreLimitedToo() {
        var deep = TemplateValue.none
        for _ in 0..<30 { deep = .array([deep]) }
        #expect(failure("{{ x }}", ["x": deep], limits: Self.small)?.kind == .nestingTooDeep)
        #expect(failure("{{ y }}", ["x": deep], limits: Self.small) == nil)
        #expect(failure("{{ x }}", ["x": .string(String(repeating: "x", count: 6000))], limits: Self.small) != nil)
    }

    @Test func limitsLeaveRoomForRealTemplates() throws {
        // Long sums and long conversations are no nesting.
        let sum = "{{ 1" + String(repeating: " + 1", count: 5000) + " }}"
        #expect(try render(sum) == "5001")
        let messages = (0..<2000).map { ChatMessage.user("message \($0)") }
        let text = try BuiltInTemplate.stablelmZephyr.render(messages: messages, addGenerationPrompt: true)
        #expect(text.hasSuffix("message 1999<|endoftext|>\n<|assistant|>\n"))
        #expect(
            try render("{% macro f(n) %}{{ n }}{% if n %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(30) }}").count > 30
        )
    }
}
