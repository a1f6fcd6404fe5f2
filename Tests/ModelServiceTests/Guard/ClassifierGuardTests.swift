import Kite
import Testing

@testable import ModelService

/// A language model as a guard: the built-in one, which is no judge of anything but gives probabilities.
@Suite(.timeLimit(.minutes(2))) struct ClassifierGuardTests {
    private func registry() async throws -> ModelRegistry { ModelRegistry(try await SharedNano.model, name: "nano") }

    private func options(_ change: (inout ClassifierOptions) -> Void = { _ in }) -> ClassifierOptions {
        var options = ClassifierOptions()
        options.unsafeLabels = ["Lima"]
        options.safeLabels = ["Paris"]
        options.template = "{text}"
        change(&options)
        return options
    }

    private let question = GuardedContent(prompt: [.user("Say it.")], answer: "What is the capital of Peru?")

    /// The score from all logits of one pass over the same prompt.
    private func reference(_ prompt: ClassifierPrompt, _ tokens: [TokenID]) async throws -> Double {
        let logits = try await TokenSequence(model: SharedNano.model).logits(appending: tokens)
        func best(_ labels: [TokenID]) -> Double { labels.map { Double(logits[Int($0)]) }.max() ?? 0 }
        return 1 / (1 + (best(prompt.safe) - best(prompt.unsafe)).exponential)
    }

    @Test func theScoreIsTheProbabilityOfOneAgainstTheOther() async throws {
        let model = try await SharedNano.model
        for (unsafe, safe) in [("Lima", "Paris"), ("The", "Hello"), ("Hello", "The"), (" zebra", "1")] {
            let options = options {
                $0.unsafeLabels = [unsafe]
                $0.safeLabels = [safe]
            }
            let contentGuard = ClassifierGuard(try await registry(), model: nil, options: options)
            let score = try await contentGuard.score(question)
            let prompt = try ClassifierPrompt(options, name: "", model: model)
            let tokens = prompt.tokens(text: "What is the capital of Peru?", conversation: "", model.tokenizer)
            let expected = try await reference(prompt, tokens)
            #expect(abs(score - expected) < 1e-3, "\(unsafe) against \(safe): \(score), \(expected)")
            // Asked again, and of the conversation: the same.
            #expect(try await contentGuard.score(question) == score)
        }
    }

    @Test func theThresholdDecides() async throws {
        let registry = try await registry()
        let score = try await ClassifierGuard(registry, model: "nano", options: options()).score(question)
        #expect(score > 0 && score < 1)
        for threshold in [score / 2, score, score + (1 - score) / 2, 1] {
            let contentGuard = ClassifierGuard(registry, model: "nano", options: options { $0.threshold = threshold })
            let verdict = try await contentGuard.review(question)
            #expect((verdict != .allowed) == (score >= threshold), "\(threshold)")
        }
    }

    @Test func anAnswerIsJudgedAsItGrowsAndWhatIsNotJudgedIsHeldBack() async throws {
        let registry = try await registry()
        let lenient = GuardSet([
            ClassifierGuard(
                registry, model: nil,
                options: options {
                    $0.threshold = 1
                    $0.interval = 12
                })
        ])
        var text = lenient.guardedText(prompt: [.user("?")])
        var released = ""
        for piece in ["One two", " three", " four", ". F", "ive"] {
            if case .released(let more, _) = try await text.append(piece) { released += more }
        }
        #expect(released == "One two three four. F")
        if case .released(let more, _) = try await text.finish() { released += more }
        #expect(released == "One two three four. Five")

        let strict = GuardSet([
            ClassifierGuard(registry, model: nil, options: options { $0.threshold = .leastNonzeroMagnitude })
        ])
        var blocked = strict.guardedText(prompt: [.user("?")])
        guard case .released("", _) = try await blocked.append("One two three") else {
            Issue.record("released before it was judged")
            return
        }
        guard case .blocked(let block) = try await blocked.finish() else {
            Issue.record("not blocked")
            return
        }
        #expect(block.direction == .output)
        #expect(try await strict.review(prompt: [.user("?")])?.direction == .input)
    }

    @Test func longTextsAreJudgedInPieces() async throws {
        let model = try await LanguageModel.load(.nano, options: LoadOptions(contextLength: 96))
        let contentGuard = ClassifierGuard(
            ModelRegistry(model, name: "small"), model: nil, options: options { $0.threshold = 1 })
        let text = Array(repeating: "What is the capital of Peru?", count: 40).joined(separator: " ")
        let score = try await contentGuard.score(GuardedContent(prompt: [.user("?")], answer: text))
        #expect(score > 0 && score < 1)
    }

    @Test func specialTokensInTheTextAreLetters() async throws {
        let model = try await SharedNano.model
        let prompt = try ClassifierPrompt(options(), name: "", model: model)
        let end = try #require(model.tokenizer.eosToken.flatMap(model.tokenizer.piece(of:)))
        let tokens = prompt.tokens(text: "a \(end) b", conversation: "", model.tokenizer)
        let plain = prompt.tokens(text: "a b", conversation: "", model.tokenizer)
        let specials = { (tokens: [TokenID]) in tokens.filter { model.tokenizer.endOfGeneration.contains($0) }.count }
        #expect(specials(tokens) == specials(plain))
    }

    @Test(arguments: [
        ("no place for it", 0.5, ["a"], ["b"]), ("{text}", 0, ["a"], ["b"]), ("{text}", 1.5, ["a"], ["b"]),
        ("{text}", .nan, ["a"], ["b"]), ("{text}", 0.5, [], ["b"]), ("{text}", 0.5, ["same"], ["same"]),
    ])
    func whatCannotWorkIsSaid(_ template: String, _ threshold: Double, _ unsafe: [String], _ safe: [String])
        async throws
    {
        let registry = try await registry()
        let contentGuard = ClassifierGuard(
            registry, model: nil,
            options: options {
                $0.template = template
                $0.threshold = threshold
                $0.unsafeLabels = unsafe
                $0.safeLabels = safe
            })
        await #expect(throws: GuardError.self) { try await contentGuard.prepare() }
        #expect(registry.statistics.leases == 0)
    }

    @Test func withoutItsModelNothingPasses() async throws {
        let contentGuard = ClassifierGuard(try await registry(), model: "judge")
        let error = await #expect(throws: GuardError.self) {
            try await GuardSet([contentGuard]).review(prompt: [.user("Hi")])
        }
        #expect(error?.status == 503)
    }

    @Test func itsModelStaysInMemory() async throws {
        let fake = try await FakeModels(["judge": 10, "a": 15, "b": 15])
        let registry = try fake.registry(["a", "b", "judge"], RegistryOptions(memoryBudget: 30))
        let contentGuard = ClassifierGuard(registry, model: "judge", options: options { $0.threshold = 1 })
        try await contentGuard.prepare()
        for name in ["a", "b", "a"] {
            let lease = try await registry.acquire(name)
            #expect(try await contentGuard.review(question) == .allowed)
            withExtendedLifetime(lease) {}
        }
        #expect(fake.loads("judge") == 1)
        #expect(registry.statistics.leases == 1)
    }
}

extension Double {
    /// e to the power of this, by its series: tests need no more.
    fileprivate var exponential: Double {
        var (sum, term) = (1.0, 1.0)
        let (part, halvings) = (self / 256, 8)
        for index in 1..<20 {
            term *= part / Double(index)
            sum += term
        }
        for _ in 0..<halvings { sum *= sum }
        return sum
    }
}
