import ChatTemplates
import FuzzSeeds

/// Templates to start from.
@_cdecl("LLVMFuzzerInitialize")
public func fuzzInitialize(
    _ count: UnsafeMutablePointer<CInt>?, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> CInt {
    writeSeeds((BuiltInTemplate.allCases.map(\.source) + features).map { Array($0.utf8) })
}

/// The language, a feature or two each.
private let features = [
    "{% raw %}{{ a }}{% endraw %}{#- note -#}  {%- if yes -%} x {%+ endif +%}\n",
    "{% for i in l if i > 1 %}{{ loop.index }}{{ loop.cycle('x', 'y') }}{{ loop.changed(i) }}{% else %}-{% endfor %}",
    "{% for k, v in m.items() %}{{ k }}={{ v }}{% if loop.last %}{% break %}{% endif %}{% continue %}{% endfor %}",
    "{% set ns = namespace(v=1) %}{% for i in range(3) %}{% set ns.v = ns.v + i %}{% endfor %}{{ ns.v }}",
    "{% macro f(x, y=2) %}{{ x }}{{ varargs }}{{ kwargs }}{{ caller() }}{% endmacro %}{% call f(1, k=3) %}b{% endcall %}",
    "{% set v | upper | trim %} abc {% endset %}{% with q = v %}{{ q }}{% endwith %}{% filter title %}ab{% endfilter %}",
    "{% generation %}{{ s[::-1] ~ u[1:3] ~ l[-1] }}{% endgeneration %}{{ 'a' if a else 'b' }}",
    "{{ 1 + 2 * 3 ** 2 // 4 % 5 - 6 / 7 }} {{ big + 0 }} {{ low // 1 }} {{ -x }} {{ 1 < a <= 7 != b }} {{ 1 in l }}",
    "{{ m|tojson(indent=2) }}{{ tools|tojson(ensure_ascii=true, sort_keys=true) }}{{ [nan, 1e400, '\\x00\\u00e9']|string }}",
    "{{ l|map('string')|join(',') }}{{ messages|selectattr('role', '==', 'user')|map(attribute='content')|list }}",
    "{{ l|sort(reverse=true)|unique|list }}{{ l|batch(2, 0)|list }}{{ l|sum }}{{ m|dictsort }}{{ x|round(1, 'ceil') }}",
    "{{ '%05.2f|%-5s|%x' % (x, 'a', 255) }}{{ '{:>5}{!r}{0}'.format('a') }}{{ '{x:,.2f}'.format(x=1234.5) }}",
    "{{ s.split('o', 1) }}{{ u.upper().lower().title() }}{{ s.find('o') }}{{ ' x '.strip() }}{{ s.replace('l', 'L', 1) }}",
    "{{ '12'|int }}{{ '1e3'|float }}{{ '0x1f'|int(0, 16) }}{{ a is divisibleby 7 }}{{ nope is defined }}{{ s is string }}",
    "{{ dict(a=1) }}{{ cycler('a', 'b').current }}{{ joiner()() }}{{ strftime_now('%d %b %Y') }}{{ raise_exception('x') }}",
    "{{ {'a': [1, (2,)], 1: none}['a'][1] }}{{ m.z.1.y }}{{ s|indent(2, true)|center(30)|wordcount }}{{ f(*l, **m) }}",
]
