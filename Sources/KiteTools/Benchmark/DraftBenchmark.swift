public import Kite

/// Measures what lookup speculation gains where the answer repeats its prompt: a document is to be written out again
/// with one change.
///
/// The model computes all that it computes for an answer, sampling included, but the tokens are those of the right
/// answer, whatever the model would choose. So weights of any kind will do, random ones too.
public final class DraftBenchmark {
    /// One way of writing the answer.
    public struct Run: Sendable {
        /// Seconds from the end of the prompt to the last token.
        public internal(set) var seconds = 0.0
        /// Passes over the model.
        public internal(set) var passes = 0
        /// Tokens guessed.
        public internal(set) var drafted = 0
        /// Guesses that were right.
        public internal(set) var accepted = 0
    }

    /// Tokens of the answer.
    public let answerTokens: Int
    /// Tokens of the prompt.
    public let promptTokens: Int

    private let transformer: Transformer
    private let vocabularySize: Int
    private let prompt: [TokenID]
    private let answer: [TokenID]
    private let start: KVSequence
    private let costs = PassCosts()
    private var logits: [Float] = []

    /// Reads the request and a document of `tokens` tokens.
    /// - Throws: What keeps the model from being run.
    public init(_ checkpoint: Checkpoint, options: LoadOptions, threads: Int, tokens: Int) throws {
        transformer = try Transformer(
            checkpoint, threads: threads, promptChunk: max(16, options.promptChunk), kvCacheType: options.kvCacheType,
            activations: options.activations)
        vocabularySize = checkpoint.configuration.vocabularySize
        // The built-in vocabulary is smaller than any other, so its ids are valid everywhere; here they are but ids.
        let tokenizer = try Tokenizer.load(.open(.nano))
        let document = Array(tokenizer.encode(utf8: TokenizerBenchmark.prose(count: 8 * tokens)).prefix(tokens))
        let change = tokenizer.encode("something else")
        prompt = tokenizer.encode("Repeat this text, with \"something else\" in the middle:\n\n") + document
        var answer = document
        if !answer.isEmpty { answer.replaceSubrange(tokens / 2..<tokens / 2 + 1, with: change) }
        self.answer = answer
        promptTokens = prompt.count
        answerTokens = answer.count
        var sequence = KVSequence(transformer.kvLayout)
        for first in stride(from: 0, to: prompt.count, by: transformer.promptChunk) {
            let end = min(first + transformer.promptChunk, prompt.count)
            try transformer.forward(
                Array(prompt[first..<end]), after: &sequence, wanted: end == prompt.count ? .last : .none,
                logits: &logits)
        }
        start = sequence
    }

    /// Writes the answer once.
    public func run(_ source: DraftSource) throws -> Run {
        var run = Run()
        var sequence = start
        var sampler = try Sampler(.greedy, vocabularySize: vocabularySize, neverSampled: [], promptTail: [])
        let clock = ContinuousClock()
        let time = try clock.measure {
            var drafter = source == .lookup ? LookupDrafter(prompt: prompt, costs: costs) : nil
            var next = 0
            while next < answer.count {
                drafter?.accept(answer[next])
                let draft = drafter?.draft(atMost: answer.count - next - 1) ?? []
                let known = sequence.length
                let taken = try clock.measure {
                    try transformer.forward(
                        [answer[next]] + draft, after: &sequence, wanted: draft.isEmpty ? .last : .all, logits: &logits)
                }
                drafter?.note(columns: 1 + draft.count, seconds: taken / .seconds(1))
                next += 1
                run.passes += 1
                run.drafted += draft.count
                var row = 0
                try sample(row: row, &sampler)
                while row < draft.count, draft[row] == answer[next] {
                    drafter?.accept(answer[next])
                    next += 1
                    row += 1
                    try sample(row: row, &sampler)
                }
                run.accepted += row
                sequence.truncate(to: known + 1 + row)
            }
        }
        run.seconds = time / .seconds(1)
        return run
    }

    private func sample(row: Int, _ sampler: inout Sampler) throws {
        _ = try sampler.sample(&logits, in: row * vocabularySize..<(row + 1) * vocabularySize)
    }
}
