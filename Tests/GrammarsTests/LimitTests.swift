import ModelFiles
import Testing

@testable import Grammars

/// Grammars made to exhaust whoever reads them. Each ends in a named error or in a grammar that works.
@Suite struct LimitTests {
    @Test(arguments: [64, 1000, 60_000])
    func nestedGroups(count: Int) {
        let source = "root ::= " + String(repeating: "(", count: count) + "\"a\"" + String(repeating: ")", count: count)
        #expect(errorOf { try Grammar(gbnf: source) } == .tooDeep(limit: 64, line: 1, column: 73))
        #expect(
            errorOf { try Grammar(gbnf: "root ::= " + String(repeating: "(", count: count)) }
                == .tooDeep(limit: 64, line: 1, column: 73))
    }

    @Test func nestedGroupsWithinTheLimit() throws {
        let source = "root ::= " + String(repeating: "(", count: 63) + "\"a\"" + String(repeating: ")???", count: 63)
        #expect(try Grammar(gbnf: source).accepts("a"))
    }

    @Test func longTexts() {
        let long = "root ::= \"" + String(repeating: "a", count: 1 << 20) + "\""
        #expect(errorOf { try Grammar(gbnf: long) } == .tooLarge("bytes", limit: 1 << 20))
        let rules = (0...50_000).map { "r\($0) ::= \"a\"" }.joined(separator: "\n")
        #expect(errorOf { try Grammar(gbnf: rules) } == .tooLarge("rules", limit: 50_000))
    }

    @Test func aLongChainOfRules() throws {
        let chain = (0..<30_000).map { "r\($0) ::= r\($0 + 1)" }.joined(separator: "\n")
        let grammar = try Grammar(gbnf: "root ::= r0\n\(chain)\nr30000 ::= \"x\"")
        // Thirty thousand rules at once are more readings than are followed.
        #expect(errorOf { try grammar.accepts("x") } == .tooAmbiguous(limit: 4096))
        let short = (0..<3000).map { "r\($0) ::= r\($0 + 1)" }.joined(separator: "\n")
        #expect(try Grammar(gbnf: "root ::= r0\n\(short)\nr3000 ::= \"x\"").accepts("x"))
        let circle = "root ::= \"a\" r0\n\(chain)\nr30000 ::= r0 | \"x\""
        #expect(errorOf { try Grammar(gbnf: circle) } == .leftRecursion(rule: "r0", line: 2, column: 1))
    }

    @Test func repetitionsOfRepetitionsAddUp() throws {
        let grammar = try Grammar(gbnf: "root ::= (((\"a\" | \"b\"){100} \"-\"){100} \"=\"){100}")
        let block = String(repeating: String(repeating: "a", count: 100) + "-", count: 100) + "="
        #expect(try grammar.accepts(String(repeating: block, count: 100)))
        #expect(try !grammar.accepts(String(repeating: block, count: 99)))
    }

    @Test func repetitionsThatCannotAddUpAreRefused() {
        let many = (0..<60).map { "(\"\($0)\" [^a] [^b] [^c] [^d] [^e]){9999}" }.joined(separator: " ")
        guard case .tooLarge? = errorOf({ try Grammar(gbnf: "root ::= \(many)") }) else {
            Issue.record("no limit")
            return
        }
    }

    /// Exponentially many ways to read a text: either few states suffice, or it ends with an error.
    @Test(arguments: [
        "root ::= " + Array(repeating: "\"a\"*", count: 500).joined(separator: " "),
        "root ::= ((\"a\"? \"a\"?){200}){200} \"b\"",
        "root ::= \"a\" root root | \"a\" root | \"a\" | \"b\"",
        "root ::= x{1,1000}\nx ::= (\"a\" | \"aa\" | y){1,1000}\ny ::= \"a\" x? \"a\"",
        "root ::= (\"a\"{0,1000}){1,1000} \"c\"",
    ])
    func ambiguity(source: String) throws {
        let grammar: Grammar
        do { grammar = try Grammar(gbnf: source) } catch { return }
        do {
            var matcher = try Matcher(grammar)
            var state = matcher.start
            for _ in 0..<400 { state = try matcher.step(state, UInt8(ascii: "a")) }
            #expect(state != Matcher.dead)
        } catch {
            guard case .tooAmbiguous = error else { throw error }
        }
    }

    @Test func aLongListOfTextsIsOneReading() throws {
        let words = (0..<20_000).map { "word-\($0)" }
        let grammar = try Grammar(choices: words)
        #expect(try grammar.accepts("word-19999"))
        #expect(try !grammar.accepts("word-20000"))
    }

    @Test func deepAnswersKeepTheirStack() throws {
        let open = String(repeating: "[", count: 20_000)
        let close = String(repeating: "]", count: 20_000)
        #expect(try Grammar.jsonValue.accepts(open + close))
        #expect(try !Grammar.jsonValue.accepts(open + close + "]"))
        #expect(try !Grammar.jsonValue.accepts(open + "]"))
    }
}
