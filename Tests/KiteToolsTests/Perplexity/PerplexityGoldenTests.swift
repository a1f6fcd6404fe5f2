import Foundation
import Kite
import KiteTools
import ModelFiles
import TestSupport
import Testing

/// The numbers of llama.cpp on the same files and texts (scripts/golden/perplexity.py).
@Suite struct PerplexityGoldenTests {
    struct Run: Decodable, Sendable, CustomTestStringConvertible {
        let model: String
        let text: String
        let context: Int
        let stride: Int?
        let chunks: Int
        let running: [Double]
        let uncertainty: Double?

        var testDescription: String { "\(model) -c \(context)\(stride.map { " stride \($0)" } ?? "")" }
    }

    private struct Results: Decodable {
        let runs: [Run]
        let divergence: [String: [Double]]
    }

    private static let results: Results? = {
        guard let data = try? Data(contentsOf: Golden.url("perplexity/results.json")) else { return nil }
        return try? JSONDecoder().decode(Results.self, from: data)
    }()

    static let runs = results?.runs ?? []

    @Test func thereAreRuns() { #expect(Self.runs.count > 10) }

    @Test(arguments: runs)
    func perplexityIsWithinATenthOfAPercent(run: Run) throws {
        let source: ModelSource = run.model == "nano" ? .nano : .path(Golden.path(run.model))
        let checkpoint = try Checkpoint.open(source)
        let tokenizer = try Tokenizer.load(checkpoint)
        let bytes = Array(try Data(contentsOf: Golden.url("perplexity/\(run.text)")))
        let text = try TextChunks(
            TextChunks.tokens(of: bytes, with: tokenizer), contextLength: run.context, stride: run.stride,
            limit: run.chunks, bosToken: tokenizer.addsBOS ? tokenizer.bosToken : nil)
        #expect(text.count == run.chunks)
        let result = try PerplexityMeasurement(checkpoint, name: run.model, text: text).run()
        let expected = try #require(run.running.last)
        #expect(abs(result.perplexity.value / expected - 1) < 0.001)
        #expect(result.count == run.chunks * text.scoredPerChunk)
        // Values along the way stand on few tokens, where rounding shows more.
        for (value, expected) in zip(result.runningPerplexity, run.running) {
            #expect(abs(value / expected - 1) < 0.003)
        }
        if let uncertainty = run.uncertainty {
            #expect(abs(result.perplexity.uncertainty / uncertainty - 1) < 0.002)
        }
    }

    @Test func divergenceFromAFileOfItsOwnIsEqualToFourDigits() throws {
        let file = try LogProbabilityFile(path: Golden.path("perplexity/base.kld"))
        let checkpoint = try Checkpoint.open(.path(Golden.path("perplexity/coarse.gguf")))
        let tokenizer = try Tokenizer.load(checkpoint)
        let text = try TextChunks(file: file, bosToken: tokenizer.addsBOS ? tokenizer.bosToken : nil)
        let result = try PerplexityMeasurement(checkpoint, name: "coarse", text: text, base: .file(file)).run()
        let found = try #require(result.divergence)
        let expected = try #require(Self.results?.divergence)

        /// To four digits, or to what was printed of them.
        func compare(_ value: Double, _ name: String, _ index: Int = 0, printed: Double) throws {
            let reference = try #require(expected[name], "\(name)")[index]
            #expect(abs(value - reference) <= max(abs(reference) * 5e-5, printed), "\(name) \(value) \(reference)")
        }
        func compare(_ estimate: Estimate, _ name: String, factor: Double = 1, printed: Double = 1.1e-6) throws {
            try compare(estimate.value * factor, name, printed: printed)
            try compare(estimate.uncertainty * factor, name, 1, printed: printed)
        }
        try compare(found.perplexity, "Mean PPL(Q)")
        try compare(found.basePerplexity, "Mean PPL(base)")
        try compare(found.correlation * 100, "Cor(ln(PPL(Q)), ln(PPL(base)))", printed: 0.006)
        try compare(found.logRatio, "Mean ln(PPL(Q)/PPL(base))")
        try compare(found.ratio, "Mean PPL(Q)/PPL(base)")
        // A difference of numbers a thousand times as large.
        try compare(found.difference, "Mean PPL(Q)-PPL(base)", printed: 0.005)
        try compare(found.divergence, "Mean KLD")
        try compare(found.probabilityChange, "Mean Δp", factor: 100, printed: 0.0006)
        try compare(found.rootMeanSquareChange, "RMS Δp", factor: 100, printed: 0.0006)
        try compare(found.sameTop, "Same top p", factor: 100, printed: 0.0006)
        #expect(found.divergencePercentiles.count == 11)
        for percentile in found.divergencePercentiles {
            try compare(percentile.value, Self.name(percentile) + " KLD", printed: 2e-6)
        }
        #expect(found.changePercentiles.count == 13)
        for percentile in found.changePercentiles {
            try compare(percentile.value * 100, Self.name(percentile) + " Δp", printed: 0.0006)
        }
    }

    private static func name(_ percentile: DivergenceStatistics.Percentile) -> String {
        switch percentile.fraction {
        case 0: "Minimum"
        case 0.5: "Median"
        case 1: "Maximum"
        default: String(format: "%.1f%%", percentile.fraction * 100)
        }
    }
}
