import Foundation
import Kite
import ModelFiles
import TensorCore
import TestSupport
import Testing

@testable import KiteTools

@Suite struct PerplexityMeasurementTests {
    private static func nanoText(_ context: Int, limit: Int? = nil) throws -> (Checkpoint, TextChunks) {
        let checkpoint = try Checkpoint.open(.nano)
        let tokenizer = try Tokenizer.load(checkpoint)
        let bytes = Array(try Data(contentsOf: Golden.url("perplexity/nano.txt")))
        let tokens = TextChunks.tokens(of: bytes, with: tokenizer)
        return (checkpoint, try TextChunks(tokens, contextLength: context, limit: limit, bosToken: nil))
    }

    /// The model before and after losing precision, and a text that both can read.
    private static func pair() throws -> (base: Checkpoint, coarse: Checkpoint, text: TextChunks) {
        let base = try Checkpoint.open(.path(Golden.path("models/quantized/F32.gguf")))
        let coarse = try Checkpoint.open(.path(Golden.path("perplexity/coarse.gguf")))
        let tokenizer = try Tokenizer.load(base)
        let bytes = Array(try Data(contentsOf: Golden.url("perplexity/text.txt")))
        let tokens = TextChunks.tokens(of: bytes, with: tokenizer)
        return (
            base, coarse,
            try TextChunks(tokens, contextLength: 64, limit: 5, bosToken: tokenizer.addsBOS ? tokenizer.bosToken : nil)
        )
    }

    /// The definition, from all logits of a plain forward pass.
    @Test func perplexityIsTheExponentialOfTheMeanSurprise() throws {
        let (checkpoint, text) = try Self.nanoText(64, limit: 3)
        let result = try PerplexityMeasurement(checkpoint, name: "nano", text: text).run()
        let transformer = try Transformer(
            checkpoint, threads: 1, promptChunk: 64, kvCacheType: nil, activations: .int8)
        var sum = 0.0
        var count = 0
        for chunk in 0..<3 {
            var sequence = KVSequence(transformer.kvLayout)
            var logits: [Float] = []
            let tokens = Array(text.tokens[chunk * 64..<chunk * 64 + 64])
            try transformer.forward(tokens, after: &sequence, wanted: .all, logits: &logits)
            let width = checkpoint.configuration.vocabularySize
            for position in 32..<63 {
                let row = logits[position * width..<(position + 1) * width].map { Double($0) }
                sum += log(row.reduce(0) { $0 + exp($1) }) - row[Int(tokens[position + 1])]
                count += 1
            }
        }
        #expect(result.count == count)
        #expect(abs(result.meanSurprise.value - sum / Double(count)) < 1e-6)
        #expect(result.perplexity.value == exp(result.meanSurprise.value))
    }

    /// Threads, passes of several chunks and chunks of several passes change no bit.
    @Test func resultsDoNotDependOnHowTheyAreComputed() throws {
        let (checkpoint, text) = try Self.nanoText(48)
        func run(_ threads: Int, _ promptChunk: Int) throws -> PerplexityResult {
            let options = LoadOptions(threads: threads, promptChunk: promptChunk)
            return try PerplexityMeasurement(checkpoint, name: "nano", text: text, options: options).run()
        }
        let first = try run(1, 47)
        #expect(first.chunks == text.count)
        for (threads, promptChunk) in [(2, 47), (2, 512), (3, 100), (1, 10), (2, 30)] {
            let other = try run(threads, promptChunk)
            #expect(other.runningPerplexity == first.runningPerplexity, "\(threads) threads, \(promptChunk)")
            #expect(other.meanSurprise == first.meanSurprise)
        }
    }

    /// A base beside the model, the same from a file, and from a file with several chunks in a pass: the same bits.
    @Test func aModelAndItsFileAreTheSameBase() throws {
        let (base, coarse, text) = try Self.pair()
        try TemporaryFolder.with { folder in
            let path = folder.path("base.kld")
            let beside = try PerplexityMeasurement(
                coarse, name: "coarse", text: text, base: .model(base, name: "base")
            ).run()
            _ = try PerplexityMeasurement(
                base, name: "base", text: text, options: LoadOptions(promptChunk: 63), savingTo: path
            ).run()
            let file = try LogProbabilityFile(path: path)
            #expect(file.tokens == Array(text.tokens[..<(5 * 64)]))
            let fromFile = try PerplexityMeasurement(
                coarse, name: "coarse", text: try TextChunks(file: file, bosToken: nil), base: .file(file)
            ).run()
            #expect(beside.divergence == fromFile.divergence)
            #expect(beside.divergence != nil)
        }
    }

    /// The file that llama.cpp writes for the same model, byte for byte but for the last bit of a code.
    @Test func theFileIsThatOfLlamaCpp() throws {
        let (base, _, text) = try Self.pair()
        try TemporaryFolder.with { folder in
            let path = folder.path("base.kld")
            _ = try PerplexityMeasurement(base, name: "base", text: text, savingTo: path).run()
            let ours = [UInt8](try Data(contentsOf: URL(filePath: path)))
            let theirs = [UInt8](try Data(contentsOf: Golden.url("perplexity/base.kld")))
            #expect(ours.count == theirs.count)
            #expect(ours[..<(20 + 4 * 5 * 64)] == theirs[..<(20 + 4 * 5 * 64)])
            let (a, b) = (
                try LogProbabilityFile(path: path), try LogProbabilityFile(path: Golden.path("perplexity/base.kld"))
            )
            var largest = 0.0
            for chunk in 0..<5 {
                for (ourRow, theirRow) in zip(try a.rows(ofChunk: chunk), try b.rows(ofChunk: chunk)) {
                    for token in 0..<a.vocabularySize {
                        let difference =
                            LogProbabilityCodes.logProbability(of: token, in: ourRow.span)
                            - LogProbabilityCodes.logProbability(of: token, in: theirRow.span)
                        largest = max(largest, abs(difference))
                    }
                }
            }
            #expect(largest < 4e-4)
        }
    }

    @Test func aModelIsNoDistanceFromItself() throws {
        let (base, _, text) = try Self.pair()
        let result = try PerplexityMeasurement(base, name: "a", text: text, base: .model(base, name: "b")).run()
        let found = try #require(result.divergence)
        #expect(abs(found.divergence.value) < 1e-6)
        #expect(found.sameTop.value == 1)
        #expect(abs(found.ratio.value - 1) < 1e-4)
    }

    @Test func stoppingLeavesNoFile() throws {
        let (base, _, text) = try Self.pair()
        try TemporaryFolder.with { folder in
            let path = folder.path("base.kld")
            var passes = 0
            let result = try PerplexityMeasurement(
                base, name: "base", text: text, options: LoadOptions(promptChunk: 63), savingTo: path
            ).run(shouldStop: {
                passes += 1
                return passes > 2
            })
            #expect(result.chunks == 2)
            #expect(try folder.names().isEmpty)
        }
    }
}
