import Testing

@testable import Grammars

@Suite struct GBNFTests {
    static let language: [(source: String, valid: [String], invalid: [String])] = [
        (#"root ::= "a""#, ["a"], ["", "b", "aa"]),
        (#"root ::= "a" | "b" | "" "#, ["", "a", "b"], ["ab", "c"]),
        ("root ::= |", [""], ["a"]),
        (#"root ::= "\"\\\n\t\r\x41\u00e9\U0001F600""#, ["\"\\\n\t\rAé😀"], ["A"]),
        (#"root ::= [a-c] [^a-c] [.\]\-^] ."#, ["ad.x", "bé]😀", "c\n-€", "a\u{0}^ "], ["aa.x", "ad.", "adxx"]),
        (#"root ::= [a-] [-a] [\x00-\x1f]"#, ["--\u{1}", "aa\n"], ["a a"]),
        (#"root ::= [一-龥ぁ-んー]+"#, ["日本ひらーがな"], ["日本A", "", "ア"]),
        (#"root ::= "a"* "b"+ "c"?"#, ["b", "aabbc", "abc"], ["a", "c", "bcc", ""]),
        (#"root ::= "a"{2} "b"{1,} "c"{0,2} "d"{,1}"#, ["aab", "aabbbccd"], ["ab", "aac", "aabccc", "aabdd"]),
        (#"root ::= ("ab" | "cd"){2,3}"#, ["abcd", "cdcdab"], ["ab", "abababab", "abc"]),
        (#"root ::= "a" {2}"#, ["aa"], ["a"]),
        ("root ::= x \"-\" x\nx ::= [0-9]+ # digits\n\n# a comment\n", ["1-22"], ["1", "-", "1-"]),
        ("root ::= (\n  \"a\"   # first\n  | \"b\"\n) \"c\"\n", ["ac", "bc"], ["a", "abc"]),
        ("root ::=\n  \"a\" |\n  \"b\"\n  | \"c\"\r\nother ::= \"x\"", ["a", "b", "c"], ["x"]),
        ("root ::= \"(\" root? \")\"", ["()", "((()))"], ["", "(", "(()", ")("]),
        ("root ::= a\na ::= b \"x\" | \"y\"\nb ::= \"z\" a", ["y", "zyx", "zzyxx"], ["zx", "zy"]),
        ("root ::= \"a\"** ", [], []),
        (
            #"""
            root ::= "1. " move " " move "\n" ([1-9] [0-9]? ". " move " " move "\n")+
            move ::= (pawn | nonpawn | castle) [+#]?
            nonpawn ::= [NBKQR] [a-h]? [1-8]? "x"? [a-h] [1-8]
            pawn ::= ([a-h] "x")? [a-h] [1-8] ("=" [NBKQR])?
            castle ::= "O-O" "-O"?
            """#, ["1. e4 e5\n2. Nf3 Nc6\n", "1. d4 d5\n2. O-O Qxd5+\n"], ["1. e4 e5\n", "1. e9 e5\n2. a1 a1\n"]
        ),
        (
            #"""
            root ::= expr "=" ws term "\n"
            expr ::= term ([-+*/] term)*
            term ::= ident | num | "(" ws expr ")" ws
            ident ::= [a-z] [a-z0-9_]* ws
            num ::= [0-9]+ ws
            ws ::= [ \t\n]*
            """#, ["a+b=3\n", "(x *(y1-2)) /7= z\n\n"], ["a+=3\n", "a=\n", "(a=3\n"]
        ),
    ]

    @Test(arguments: language.indices.filter { !language[$0].valid.isEmpty })
    func matchesTheLanguage(index: Int) throws {
        let (source, valid, invalid) = Self.language[index]
        let grammar = try Grammar(gbnf: source)
        for text in valid { #expect(try grammar.accepts(text), "\(source): \(text)") }
        for text in invalid { #expect(try !grammar.accepts(text), "\(source): \(text)") }
    }

    static let errors: [(source: String, error: GrammarError)] = [
        ("", .missingRoot), ("a ::= \"x\"", .missingRoot),
        ("root ::= x", .undefinedRule("x", line: 1, column: 10)),
        ("root ::= \"a\"\nother ::= (\n  gone)", .undefinedRule("gone", line: 3, column: 3)),
        ("root ::= \"a\"\nroot ::= \"b\"", .duplicateRule("root", line: 2, column: 1)),
        ("root ::= root \"a\" | \"b\"", .leftRecursion(rule: "root", line: 1, column: 1)),
        ("root ::= \"x\" a\na ::= b \"c\" | \"d\"\nb ::= \"\" a", .leftRecursion(rule: "a", line: 2, column: 1)),
        ("root ::= \"x\"? root | \"y\"", .leftRecursion(rule: "root", line: 1, column: 1)),
        ("root ::= (\"x\"* root){2,} | \"y\"", .leftRecursion(rule: "root", line: 1, column: 1)),
        ("root ::= \"a\" root", .endlessRule(rule: "root", line: 1, column: 1)),
        ("root ::= \"a\"\nx ::= \"b\" y\ny ::= \"c\" x", .endlessRule(rule: "x", line: 2, column: 1)),
        ("root ::= \"a\" (\"b\"?)*", .emptyLoop(line: 1, column: 14)),
        ("root ::= e+\ne ::= \"\"", .emptyLoop(line: 1, column: 10)),
        ("root ::= \"a\"*{2,}", .emptyLoop(line: 1, column: 10)),
        ("root ::= \"a\"{10001}", .repetitionTooLarge(limit: 10_000, line: 1, column: 20)),
        ("root ::= \"a\"{0,99999999999999999999}", .repetitionTooLarge(limit: 10_000, line: 1, column: 37)),
        ("root ::= [b-a]", .syntax("the range of a class ends before it begins", line: 1, column: 12)),
        ("root ::= []", .syntax("a class of no characters", line: 1, column: 10)),
        ("root ::= [a", .syntax("the grammar ends within a literal or class", line: 1, column: 12)),
        ("root ::= \"a", .syntax("the grammar ends within a literal or class", line: 1, column: 12)),
        ("root ::= \"a\nb\"", .syntax("a line ends within a literal or class", line: 1, column: 12)),
        ("root ::= \"\\q\"", .syntax("unknown escape \\q", line: 1, column: 11)),
        ("root ::= \"\\u12\"", .syntax("an escape needs 4 hexadecimal digits", line: 1, column: 11)),
        ("root ::= \"\\uD800\"", .syntax("an escape of something that is no character", line: 1, column: 11)),
        ("root ::= (\"a\"", .syntax("a group is not closed", line: 1, column: 14)),
        ("root ::= \"a\")", .syntax("')' without '('", line: 1, column: 13)),
        ("root ::= *", .syntax("'*' with nothing before it to repeat", line: 1, column: 10)),
        ("root ::= \"a\"{", .syntax("a repetition without a number", line: 1, column: 13)),
        ("root ::= \"a\"{3,2}", .syntax("a repetition of at most 2 and at least 3", line: 1, column: 13)),
        ("root ::= \"a\"????", .syntax("more than 3 repetitions of the same thing", line: 1, column: 17)),
        ("root = \"a\"", .syntax("'=' where '::=' should be", line: 1, column: 6)),
        ("::= \"a\"", .syntax("':' where a rule's name should be", line: 1, column: 1)),
        ("root ::= a\nb ::= \"x\" a ::= \"y\"", .syntax("a rule begins within a line", line: 2, column: 11)),
        ("root ::= \"a\" ; \"b\"", .syntax("unexpected ';'", line: 1, column: 14)),
    ]

    @Test(arguments: errors.indices)
    func namesTheMistakeAndItsPlace(index: Int) {
        let (source, expected) = Self.errors[index]
        #expect(errorOf { try Grammar(gbnf: source) } == expected, "\(source)")
        #expect(!expected.description.isEmpty)
    }
}
