import Kite

extension BenchCommand {
    /// `--grammar`: what masks of a JSON schema or a GBNF grammar cost along a text of it.
    func measureGrammar(_ grammarPath: String) async throws {
        guard let file else { throw CLIError.usage("--grammar needs a text of the grammar: -f FILE") }
        let source = String(decoding: try SystemIO.contents(of: grammarPath), as: UTF8.self)
        let isSchema = source.first { !$0.isWhitespace } == "{"
        let clock = ContinuousClock()
        let start = clock.now
        let grammar = try isSchema ? Grammar(jsonSchema: source) : Grammar(gbnf: source)
        let compiling = (clock.now - start) / .seconds(1)
        var text = try SystemIO.contents(of: file)
        while text.last == 0x0A { text.removeLast() }
        let path = try await model.chosenPath
        let tokenizer = try path.map { try Tokenizer.load(path: $0) } ?? Tokenizer.load(.open(.nano))
        let result = try ConstraintBenchmark(grammar, text: text, tokenizer: tokenizer)
        let first = Self.microseconds(result.firstSeconds)
        let known = Self.microseconds(result.knownSeconds)
        if json {
            return try Console.writeJSON(
                [
                    "model_filename": .string(path ?? "built-in"), "n_vocab": .integer(Int64(tokenizer.vocabularySize)),
                    "n_tokens": .integer(Int64(result.firstSeconds.count)), "compile_ms": .number(compiling * 1e3),
                    "vocabulary_ms": .number(result.vocabularySeconds * 1e3), "first_mean_us": .number(first.mean),
                    "first_max_us": .number(first.largest), "known_mean_us": .number(known.mean),
                    "known_max_us": .number(known.largest),
                ], pretty: true)
        }
        func fixed(_ value: Double) -> String { Format.fixed(value, 1) }
        Console.writeLine(
            "\(path ?? "built-in"): \(tokenizer.vocabularySize) tokens put in order in \(fixed(result.vocabularySeconds * 1e3)) ms, "
                + "grammar compiled in \(fixed((compiling + result.grammarSeconds) * 1e3)) ms")
        Console.writeLine(
            "masks of \(result.firstSeconds.count) tokens: \(fixed(first.mean)) µs each, \(fixed(first.largest)) at most; "
                + "once known \(fixed(known.mean)) µs, \(fixed(known.largest)) at most")
    }

    private static func microseconds(_ seconds: [Double]) -> (mean: Double, largest: Double) {
        guard let largest = seconds.max() else { return (0, 0) }
        return (seconds.reduce(0, +) / Double(seconds.count) * 1e6, largest * 1e6)
    }
}
