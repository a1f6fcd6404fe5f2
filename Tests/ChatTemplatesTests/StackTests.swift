import ChatTemplates
import Foundation
import Testing

@Suite("The default limits fit a small stack", .serialized)
struct StackTests {
    /// Runs `body` on a thread with as little stack as secondary threads have on some systems.
    private func onSmallStack(_ body: @escaping @Sendable () -> Void) async {
        await withCheckedContinuation { continuation in
            let thread = Thread {
                body()
                continuation.resume()
            }
            thread.stackSize = 512 * 1024
            thread.start()
        }
    }

    @Test(arguments: [
        "{{ " + String(repeating: "(", count: 1000) + "1",
        "{{ " + String(repeating: "(", count: 70) + "1" + String(repeating: ")", count: 70) + " }}",
        "{{ " + String(repeating: "[", count: 70) + "1" + String(repeating: "]", count: 70) + "|tojson }}",
        "{{ " + String(repeating: "f(", count: 70) + "1" + String(repeating: ")", count: 70) + " }}",
        String(repeating: "{% if 1 %}", count: 70) + String(repeating: "{% endif %}", count: 70),
        String(repeating: "{% for i in [1] %}", count: 70) + String(repeating: "{% endfor %}", count: 70),
        String(repeating: "{% set x %}", count: 70) + "{{ x }}" + String(repeating: "{% endset %}", count: 70),
        "{% macro f(n) %}{% if 1 %}{% for i in [1] %}{{ [f(n)]|map('upper')|list }}{% endfor %}{% endif %}"
            + "{% endmacro %}{{ f(1) }}",
        "{% macro f(n) %}{% call g() %}{{ f(n) }}{% endcall %}{% endmacro %}{% macro g() %}{{ caller() }}{% endmacro %}"
            + "{{ f(1) }}",
        "{% set ns = namespace() %}{% set ns.a = {'b': ns} %}{{ ns }}",
        "{{ [1]" + String(repeating: "|map('list')", count: 70) + "|list }}",
        "{{ [1]|map(" + String(repeating: "'map', ", count: 10_000) + "'x')|list }}",
    ])
    func deepestTemplates(_ source: String) async {
        await onSmallStack { _ = failure(source) }
    }
}
