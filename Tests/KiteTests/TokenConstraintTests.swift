import Grammars
import TestSupport
import Testing
import Tokenization

@testable import Kite

/// A constraint that expectations can step: they take no changes of values.
private final class Walker {
    private var constraint: TokenConstraint
    init(_ constraint: TokenConstraint) { self.constraint = constraint }

    var mayEnd: Bool { constraint.mayEnd }
    var isFinished: Bool { constraint.isFinished }
    func allowed() throws(GrammarError) -> TokenMask { try constraint.allowedTokens() }
    @discardableResult func accept(_ token: TokenID) -> Bool { constraint.accept(token) }
    func copy() -> Walker { Walker(constraint) }
}

@Suite struct TokenConstraintTests {
    static let schema = #"""
        {"type":"object","properties":{"name":{"type":"string","maxLength":12},"age":{"type":"integer","minimum":0,"maximum":150},
        "tags":{"type":"array","items":{"enum":["a","b c","é"]}},"mail":{"type":"string","pattern":"^[a-z]+@[a-z]+$"},
        "next":{"anyOf":[{"$ref":"#"},{"type":"null"}]}},"required":["name","next"]}
        """#

    static let vocabularies = [
        "models/nano-chat/tokenizer.json", "vocab/gpt-neox-tokenizer.json", "vocab/gpt-neox-nov2023.vocab.gguf",
        "vocab/arcade100k-tokenizer.json", "vocab/llama-spm.vocab.gguf",
    ].filter(SharedFiles.has)

    private func nano() throws -> Tokenizer { try Tokenizer.load(.open(.nano)) }

    private func compiler(_ tokenizer: Tokenizer, extraRows: Int = 0) -> ConstraintCompiler {
        ConstraintCompiler(tokenizer: tokenizer, tableSize: tokenizer.vocabularySize + extraRows)
    }

    /// What the mask says of every token, told without trie and cache: step through its bytes.
    private func allowed(_ grammar: Grammar, after text: [UInt8], _ tokenizer: Tokenizer, dropsSpace: Bool) throws
        -> Set<TokenID>
    {
        var matcher = try Matcher(grammar)
        var start = matcher.start
        for byte in text { start = try matcher.step(start, byte) }
        var result: Set<TokenID> = []
        for token in 0..<TokenID(tokenizer.vocabularySize) {
            if tokenizer.endOfGeneration.contains(token) {
                if matcher.mayEnd(start) { result.insert(token) }
                continue
            }
            guard let type = tokenizer.type(of: token), [.normal, .userDefined, .byte].contains(type) else { continue }
            var bytes = tokenizer.bytes(of: token)
            if dropsSpace, bytes.first == 0x20 { bytes.removeFirst() }
            var state = start
            for byte in bytes { state = try matcher.step(state, byte) }
            if state != Matcher.dead { result.insert(token) }
        }
        return result
    }

    private func walk(_ tokenizer: Tokenizer, _ grammar: Grammar, seed: UInt64, checks: Int) throws {
        var random = PCG32(seed: seed)
        let constraint = try Walker(compiler(tokenizer).constraint(grammar))
        var text: [UInt8] = []
        for step in 0..<60 {
            let mask = try constraint.allowed()
            let tokens = (0..<TokenID(tokenizer.vocabularySize)).filter(mask.contains)
            let dropsSpace = step == 0 && tokenizer.dropsLeadingSpace
            if step < checks {
                #expect(try allowed(grammar, after: text, tokenizer, dropsSpace: dropsSpace) == Set(tokens))
            }
            let token = tokens[Int(random.nextUnit() * Double(tokens.count))]
            #expect(constraint.accept(token))
            if tokenizer.endOfGeneration.contains(token) {
                #expect(constraint.isFinished)
                return
            }
            var bytes = tokenizer.bytes(of: token)
            if dropsSpace, bytes.first == 0x20 { bytes.removeFirst() }
            text += bytes
        }
    }

    @Test(arguments: [schema, "{}", #"{"type":"string"}"#, #"{"type":"number"}"#])
    func theMaskIsWhatStepsSay(schema: String) throws {
        let tokenizer = try nano()
        let grammar = try Grammar(jsonSchema: schema)
        for seed in 0..<10 { try walk(tokenizer, grammar, seed: UInt64(seed), checks: 20) }
    }

    @Test(.enabled(if: SharedFiles.has("vocab/gpt-neox-tokenizer.json")), arguments: vocabularies)
    func realVocabularies(name: String) throws {
        let tokenizer = try Tokenizer.load(path: try #require(SharedFiles.path(name)))
        try walk(tokenizer, Grammar(jsonSchema: Self.schema), seed: 1, checks: 6)
        try walk(tokenizer, .anyText, seed: 2, checks: 3)
        try walk(tokenizer, Grammar(gbnf: "root ::= \" \"? [あ-ん]+ \"。\""), seed: 3, checks: 6)
    }

    @Test func onlyTextAndTheEnd() throws {
        let tokenizer = try nano()
        var constraint = try compiler(tokenizer, extraRows: 100).constraint(.choice([.text("a"), .anyText]))
        var logits = [Float](repeating: 1, count: tokenizer.vocabularySize + 100)
        var span = logits.mutableSpan
        try constraint.mask(&span)
        for row in logits.indices {
            let token = TokenID(row)
            let isOut =
                tokenizer.isPadding(token) || tokenizer.isSpecial(token) && !tokenizer.endOfGeneration.contains(token)
            // A token that is part of a character only may be in or out; whole ones are in.
            if isOut { #expect(logits[row] == -.infinity) }
            if tokenizer.endOfGeneration.contains(token) { #expect(logits[row] == 1) }
        }
        #expect(logits.count { $0 == 1 } > 1000)
    }

    @Test func theEndIsAllowedWhereTheTextMayEnd() throws {
        let tokenizer = try nano()
        let compiler = self.compiler(tokenizer)
        let end = try #require(tokenizer.endOfGeneration.first)
        let constraint = try Walker(compiler.constraint(Grammar(gbnf: "root ::= \"1\" [0-9]?")))
        #expect(try !constraint.allowed().contains(end))
        #expect(!constraint.mayEnd)
        let digit = tokenizer.encode("1")[0]
        #expect(constraint.accept(digit))
        #expect(constraint.mayEnd && !constraint.isFinished)
        #expect(try constraint.allowed().contains(end))
        let copy = constraint.copy()
        #expect(copy.accept(digit))
        #expect(copy.isFinished)
        var ends = TokenMask(count: tokenizer.vocabularySize)
        for token in tokenizer.endOfGeneration { ends.insert(token) }
        #expect(try copy.allowed() == ends)
        // The copy went its own way.
        #expect(!constraint.isFinished && constraint.mayEnd)
        #expect(constraint.accept(end))
        #expect(constraint.isFinished)
    }

    @Test func whatIsNotAllowedFailsClosed() throws {
        let tokenizer = try nano()
        let end = try #require(tokenizer.endOfGeneration.first)
        for token in [tokenizer.encode("b")[0], end, TokenID(tokenizer.vocabularySize), -1] {
            let constraint = try Walker(compiler(tokenizer).constraint(.text("a")))
            #expect(!constraint.accept(token))
            #expect(!constraint.mayEnd && !constraint.isFinished)
            #expect(!constraint.accept(tokenizer.encode("a")[0]))
            #expect(throws: GrammarError.tokenNotAllowed(token)) { try constraint.allowed() }
        }
    }

    @Test func tooManyReadingsFailClosed() throws {
        let tokenizer = try nano()
        let grammar = try Grammar(gbnf: "root ::= ((\"a\"? \"a\"?){200}){200} \"b\"")
        #expect(throws: GrammarError.tooAmbiguous(limit: 4096)) {
            let constraint = try Walker(compiler(tokenizer).constraint(grammar))
            for _ in 0..<200 {
                _ = try constraint.allowed()
                constraint.accept(tokenizer.encode("a")[0])
            }
        }
    }

    /// A grammar with so many states that caches are given up on the way: the masks stay right.
    @Test func fullCachesAreReplaced() throws {
        let tokenizer = try nano()
        let grammar = try Grammar(gbnf: "root ::= (\"(\" root \")\" | [a-z]){0,3}")
        let compiler = ConstraintCompiler(
            tokenizer: tokenizer, tableSize: tokenizer.vocabularySize, cachedReadings: 300)
        let constraint = try Walker(compiler.constraint(grammar))
        let open = tokenizer.encode("(")[0]
        var random = PCG32(seed: 5)
        var kept: [(Walker, TokenMask)] = []
        for step in 0..<400 {
            let mask = try constraint.allowed()
            if step % 50 == 0 { kept.append((constraint.copy(), mask)) }
            let tokens = (0..<TokenID(tokenizer.vocabularySize)).filter(mask.contains)
            let token = mask.contains(open) ? open : tokens[Int(random.nextUnit() * Double(tokens.count))]
            #expect(constraint.accept(token))
        }
        for (earlier, mask) in kept {
            #expect(try earlier.allowed() == mask)
        }
    }

    @Test(.enabled(if: SharedFiles.has("vocab/llama-spm.vocab.gguf")))
    func theSpaceOfTheFirstWord() throws {
        let tokenizer = try Tokenizer.load(path: try #require(SharedFiles.path("vocab/llama-spm.vocab.gguf")))
        let compiler = self.compiler(tokenizer)
        let spaced = try #require(tokenizer.id(of: "▁yes"))
        let bare = try #require(tokenizer.id(of: "yes"))
        let answer = try Walker(compiler.constraint(Grammar(choices: ["yes", "no"])))
        #expect(try answer.allowed().contains(spaced))
        #expect(try answer.allowed().contains(bare))
        answer.accept(spaced)
        #expect(answer.isFinished)
        let continuation = try Walker(compiler.constraint(Grammar(choices: ["yes", "no"]), isContinued: true))
        #expect(try !continuation.allowed().contains(spaced))
        let second = try Walker(compiler.constraint(Grammar(choices: ["yes yes"])))
        second.accept(bare)
        #expect(try second.allowed().contains(spaced))
    }

    @Test func theLastGrammarsAreRemembered() throws {
        let compiler = self.compiler(try nano())
        let first = try compiler.constraint(.text("0")).compiled
        for count in 1..<8 { _ = try compiler.constraint(.text("\(count)")) }
        #expect(try compiler.constraint(.text("0")).compiled === first)
        for count in 1...8 { _ = try compiler.constraint(.text("\(count)")) }
        #expect(try compiler.constraint(.text("0")).compiled !== first)
    }
}
