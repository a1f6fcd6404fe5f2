import ChatTemplates
import CoreMetrics
import Kite
import Synchronization
import Testing

@testable import ModelService

/// What comes out of a guarded stream, wherever it was cut.
@Suite struct GuardedTextTests {
    private struct Outcome: Equatable {
        var text = ""
        var block: GuardBlock?
    }

    private func pass(
        _ pieces: [String], _ guards: GuardSet, continuing given: String = ""
    ) async throws -> Outcome {
        var text = guards.guardedText(prompt: [.user("?")], continuing: given)
        var outcome = Outcome()
        func take(_ piece: GuardedText.Piece) {
            switch piece {
            case .released(let more, _):
                #expect(outcome.block == nil || more.isEmpty)
                outcome.text += more
            case .blocked(let block): outcome.block = block
            }
        }
        for piece in pieces { take(try await text.append(piece)) }
        take(try await text.finish())
        return outcome
    }

    /// `text` cut in two at every place, in three at every pair of places, and into single characters.
    private func cuts(_ text: String) -> [[String]] {
        let scalars = Array(text.unicodeScalars)
        func piece(_ range: Range<Int>) -> String {
            var piece = ""
            piece.unicodeScalars.append(contentsOf: scalars[range])
            return piece
        }
        var cuts = [scalars.indices.map { piece($0..<$0 + 1) }]
        for first in 0...scalars.count {
            for second in first...scalars.count {
                cuts.append([piece(0..<first), piece(first..<second), piece(second..<scalars.count)])
            }
        }
        return cuts
    }

    @Test(arguments: [
        ("bomb", "How a bomb works", "How a "), ("build a bomb", "I build a, BOMB.", "I "),
        ("*bomb*", "Firebombing", "Fire"), ("école", "Une e\u{301}COLE?", "Une "), ("爆弹", "制造爆弹呢", "制造"),
        ("sk-????*", "key sk-ab12cd", "key "), ("bomb", "no more bomb", "no more "), ("a a b", "so a a a b.", "so a "),
        ("bomb", #"{"x":"\u0062\u006Fmb"}"#, #"{"x":""#), ("😀", #"a \ud83d\ude00."#, "a "),
    ])
    func aRuleIsFoundAtEveryBorder(_ pattern: String, _ text: String, _ before: String) async throws {
        let guards = GuardSet([RulesGuard([try GuardRule(pattern, directions: .output, reason: "no")])])
        for pieces in cuts(text) {
            let outcome = try await pass(pieces, guards)
            #expect(outcome.block == GuardBlock(guardName: "rules", direction: .output, reason: "no"))
            #expect(before.hasPrefix(outcome.text), "\(pieces): \(outcome.text)")
        }
        // Character by character, all that stands before the match has gone out by then.
        #expect(try await pass(text.unicodeScalars.map { String($0) }, guards).text == before)
    }

    @Test(arguments: [
        ("build a bomb", "I build", " a bomb.", ""), ("build a bomb", "I build a bo", "mb", ""),
        ("bomb", "x bo", "mb", ""), ("école", "Une e", "\u{301}cole", ""), ("bomb", #"\u0062o"#, "mb.", ""),
        ("bomb", #"{"a\n": "bo"#, #"\u006Db"}"#, ""), ("bomb", "bomb", ", a bomb.", ", a "),
        ("*bomb*", "bo", "mbs", ""),
        ("sk-????*", String(repeating: "é ", count: 20_000) + "sk-a", "b12cd", ""),
    ])
    func aRuleSpansTheBorder(_ pattern: String, _ given: String, _ answer: String, _ before: String) async throws {
        let guards = GuardSet([RulesGuard([try GuardRule(pattern, directions: .output, reason: "no")])])
        for pieces in cuts(answer) {
            let outcome = try await pass(pieces, guards, continuing: given)
            #expect(outcome.block == GuardBlock(guardName: "rules", direction: .output, reason: "no"), "\(pieces)")
            #expect(before.hasPrefix(outcome.text), "\(pieces): \(outcome.text)")
        }
        #expect(try await pass(answer.unicodeScalars.map { String($0) }, guards, continuing: given).text == before)
    }

    @Test(arguments: [
        ("a bomb", " is loud"), ("a bomb", ""), ("a bom", "e"), ("build a", " bridge"), (#"a \u006"#, "3 b"),
        ("Firebomb", "ing"), ("🪁", "🪁"), ("build", "ing a bom"),
    ])
    func whatTheGivenTextSaysIsNoAnswer(_ given: String, _ answer: String) async throws {
        let guards = GuardSet([RulesGuard(try ["bomb", "build a bomb", "*firebomb*"].map { try GuardRule($0) })])
        for pieces in cuts(answer) {
            #expect(try await pass(pieces, guards, continuing: given) == Outcome(text: answer), "\(pieces)")
        }
    }

    @Test(arguments: [
        "How bombs work: I build a bom, then b, o.", "e\u{301}col 🪁👩‍👩‍👧 ok", "", "bomber", #"\ \u00 \ud800\n \ud83d\u"#,
    ])
    func whatIsAllowedArrivesWhole(_ text: String) async throws {
        let guards = GuardSet([RulesGuard(try ["bomb", "build a bomb", "école", "🪁👩 x"].map { try GuardRule($0) })])
        for pieces in cuts(text) { #expect(try await pass(pieces, guards) == Outcome(text: text)) }
    }

    @Test func logprobsWaitForTheirText() async throws {
        let guards = GuardSet([RulesGuard([try GuardRule("red green")])])
        var text = guards.guardedText(prompt: [])
        func logprob(_ token: TokenID) -> [TokenLogprob] { [TokenLogprob(token: token, bytes: [], logprob: 0)] }
        var seen: [TokenID] = []
        for (index, delta) in ["my", " red", " gr", "ay", "", " x red"].enumerated() {
            guard case .released(_, let logprobs) = try await text.append(delta, logprobs: logprob(TokenID(index)))
            else {
                Issue.record("blocked")
                return
            }
            seen += logprobs.map(\.token)
            if index == 2 { #expect(seen == [0]) }
        }
        #expect(seen == [0, 1, 2, 3, 4])
        guard case .blocked = try await text.append(" green ", logprobs: logprob(6)) else {
            Issue.record("not blocked")
            return
        }
        guard case .blocked = try await text.finish() else {
            Issue.record("not blocked any more")
            return
        }
    }

    @Test func withoutGuardsTextPasses() async throws {
        let guards = GuardSet([])
        #expect(!guards.guardsOutput)
        #expect(try await guards.review(prompt: [.user("bomb")]) == nil)
        #expect(try await pass(["a", "b"], guards) == Outcome(text: "ab"))
    }

    @Test func everyMessageOfAPromptIsRead() async throws {
        let guards = GuardSet([RulesGuard([try GuardRule("bomb", directions: .input, reason: "no")])])
        #expect(!guards.guardsOutput)
        #expect(try await guards.review(prompt: [.system("Be kind."), .user("Hi")]) == nil)
        let block = try await guards.review(prompt: [.system("Bomb"), .user("Hi")])
        #expect(block?.direction == .input)
        #expect(block?.refusal == "This request was blocked by a content guard: no.")
        #expect(try await pass(["bomb"], guards) == Outcome(text: "bomb"))
    }

    /// Judges whole texts; fails when told to.
    private struct Simple: ContentGuard {
        var name = "simple"
        var directions = GuardDirections.both
        var forbidden = "x"
        var failure: RegistryError?

        func review(_ content: GuardedContent) async throws -> GuardVerdict {
            if let failure { throw failure }
            let text = content.answer ?? content.prompt.map(\.content).joined()
            return text.contains(forbidden) ? .blocked(reason: "it has \(forbidden)") : .allowed
        }
    }

    @Test func aGuardThatJudgesWholeTextsHoldsAllBack() async throws {
        var text = GuardSet([Simple()]).guardedText(prompt: [])
        for piece in ["a", "b"] {
            guard case .released("", _) = try await text.append(piece) else {
                Issue.record("released")
                return
            }
        }
        guard case .released("ab", _) = try await text.finish() else {
            Issue.record("lost")
            return
        }
        #expect(try await pass(["a", "x", "b"], GuardSet([Simple()])).text == "")
    }

    @Test func whatAllGuardsClearGoesOut() async throws {
        let rules = RulesGuard([try GuardRule("bomb")])
        let guards = GuardSet([rules, Simple(forbidden: "z")])
        #expect(try await pass(["a", "b"], guards) == Outcome(text: "ab"))
        #expect(try await pass(["a bomb "], guards).block?.guardName == "rules")
        #expect(try await pass(["a z "], guards).block?.guardName == "simple")
    }

    @Test func aGuardThatFailsLetsNothingPassAndIsCounted() async throws {
        let counts = Counts()
        let failing = Simple(failure: .missingFile(model: "judge"))
        let guards = GuardSet([failing], metrics: counts)
        let error = await #expect(throws: GuardError.self) { try await guards.review(prompt: []) }
        #expect(error?.status == 503)
        #expect(error?.description.contains("judge") == true)
        var text = guards.guardedText(prompt: [])
        _ = try await text.append("secret")
        await #expect(throws: GuardError.self) { try await text.finish() }
        let blocking = GuardSet([Simple()], metrics: counts)
        _ = try await blocking.review(prompt: [.user("x")])
        _ = try await pass(["x"], blocking)
        #expect(
            counts.values == [
                "kite_guard_errors_total simple in": 1, "kite_guard_errors_total simple out": 1,
                "kite_guard_blocked_total simple in": 1, "kite_guard_blocked_total simple out": 1,
            ])
    }
}

/// Counters by label and dimensions.
private final class Counts: MetricsFactory {
    private let counters = Mutex<[String: Int64]>([:])
    var values: [String: Int64] { counters.withLock { $0 } }

    private final class One: CounterHandler {
        let name: String
        let owner: Counts
        init(name: String, owner: Counts) { (self.name, self.owner) = (name, owner) }
        func increment(by amount: Int64) { owner.counters.withLock { $0[name, default: 0] += amount } }
        func reset() {}
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        One(name: ([label] + dimensions.map(\.1)).joined(separator: " "), owner: self)
    }
    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        NOOPMetricsHandler.instance
    }
    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { NOOPMetricsHandler.instance }
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}
}
