import Foundation
import Testing
import Tokenization

@testable import Kite

@Suite("Sampling: what is drawn")
struct SamplingTests {
    private static let settings: [SamplingOptions] = [
        SamplingOptions(seed: 1),
        SamplingOptions(temperature: 1, topK: 0, topP: 1, minP: 0, seed: 2),
        SamplingOptions(temperature: 1.7, topK: 5, topP: 1, minP: 0, seed: 3),
        SamplingOptions(temperature: 0.5, topK: 0, topP: 0.8, minP: 0, seed: 4),
        SamplingOptions(temperature: 1, topK: 0, topP: 1, minP: 0.2, seed: 5),
        SamplingOptions(temperature: 1, topK: 0, topP: 1, minP: 0, typicalP: 0.6, seed: 6),
        SamplingOptions(temperature: 1.2, topK: 20, topP: 0.9, minP: 0.02, typicalP: 0.9, seed: 7),
        SamplingOptions(temperature: 1, topK: 1, seed: 8),
        SamplingOptions(temperature: 1, topK: 0, topP: 0, minP: 0, seed: 9),
        SamplingOptions(temperature: 1, topK: 1000, topP: 0.95, minP: 1, seed: 10),
    ]

    /// Counts of 20,000 draws against the reference's probabilities. The bound is six standard deviations of the
    /// statistic, and seeds are fixed: this never fails by chance.
    @Test(arguments: settings)
    func distribution(_ options: SamplingOptions) throws {
        let logits = testLogits(60, seed: 100 + (options.seed ?? 0))
        let expected = ReferenceSampler.distribution(logits, options)
        var sampler = try Sampler(options, vocabularySize: logits.count, neverSampled: [], promptTail: [])
        let draws = 20_000
        var counts: [Int: Int] = [:]
        for _ in 0..<draws { counts[Int(try sampler.choose(logits)), default: 0] += 1 }
        var statistic = 0.0
        var cells = 0.0
        var rare = (expected: 0.0, found: 0.0)
        for (token, probability) in expected {
            let mean = probability * Double(draws)
            let found = Double(counts[token] ?? 0)
            if mean < 5 {
                rare = (rare.expected + mean, rare.found + found)
            } else {
                statistic += (found - mean) * (found - mean) / mean
                cells += 1
            }
        }
        if rare.expected > 5 {
            statistic += (rare.found - rare.expected) * (rare.found - rare.expected) / rare.expected
            cells += 1
        }
        for token in counts.keys { #expect(expected[token] != nil, "token \(token) should be impossible") }
        let freedom = max(cells - 1, 1)
        #expect(statistic < freedom + 6 * (2 * freedom).squareRoot(), "\(statistic) with \(freedom) degrees")
    }

    /// Which tokens the filters leave, by hand: probabilities 0.4, 0.3, 0.2, 0.1.
    @Test(arguments: [
        (SamplingOptions(temperature: 1, topK: 2, topP: 1, minP: 0), [0, 1]),
        (SamplingOptions(temperature: 1, topK: 0, topP: 0.69, minP: 0), [0, 1]),
        (SamplingOptions(temperature: 1, topK: 0, topP: 0.71, minP: 0), [0, 1, 2]),
        (SamplingOptions(temperature: 1, topK: 0, topP: 0.4, minP: 0), [0]),
        (SamplingOptions(temperature: 1, topK: 0, topP: 1, minP: 0.51), [0, 1]),
        (SamplingOptions(temperature: 1, topK: 0, topP: 1, minP: 0.49), [0, 1, 2]),
        (SamplingOptions(temperature: 1, topK: 0, topP: 1, minP: 1), [0]),
        // Entropy 1.28; surprises 0.92, 1.20, 1.61, 2.30: closest first 1, 2, 0, 3.
        (SamplingOptions(temperature: 1, topK: 0, topP: 1, minP: 0, typicalP: 0.29), [1]),
        (SamplingOptions(temperature: 1, topK: 0, topP: 1, minP: 0, typicalP: 0.45), [1, 2]),
        (SamplingOptions(temperature: 1, topK: 0, topP: 1, minP: 0, typicalP: 0.89), [0, 1, 2]),
        // Top-k first: of 0.4 and 0.3 renormalised, 0.57 is enough for top-p 0.5.
        (SamplingOptions(temperature: 1, topK: 2, topP: 0.5, minP: 0), [0]),
        // Temperature comes last: it does not change which tokens are left.
        (SamplingOptions(temperature: 100, topK: 0, topP: 0.69, minP: 0), [0, 1]),
    ])
    func masks(_ options: SamplingOptions, _ expected: [Int]) throws {
        var options = options
        options.seed = 11
        let logits: [Float] = [0.4, 0.3, 0.2, 0.1].map { log($0) }
        var sampler = try Sampler(options, vocabularySize: 4, neverSampled: [], promptTail: [])
        var found: Set<Int> = []
        for _ in 0..<2000 { found.insert(Int(try sampler.choose(logits))) }
        #expect(found.sorted() == expected)
    }

    @Test func sameSeedSameTokens() throws {
        let logits = testLogits(2000, seed: 1)
        func run(_ seed: UInt64?) throws -> (UInt64, [TokenID]) {
            var sampler = try Sampler(
                SamplingOptions(temperature: 1.5, seed: seed), vocabularySize: 2000, neverSampled: [], promptTail: [])
            return (sampler.seed, try (0..<50).map { _ in try sampler.choose(logits) })
        }
        let first = try run(7)
        #expect(first.0 == 7)
        #expect(try run(7).1 == first.1)
        #expect(try run(8).1 != first.1)
        // A drawn seed is reported and gives the same tokens again.
        let drawn = try run(nil)
        #expect(try run(drawn.0).1 == drawn.1)
    }

    /// The numbers of the generator's own demonstration.
    @Test func generator() {
        var random = PCG32(seed: 42, stream: 54)
        let expected: [UInt32] = [0xa15c_02b7, 0x7b47_f409, 0xba1d_3330, 0x83d2_f293, 0xbfa4_784b, 0xcbed_606e]
        #expect((0..<6).map { _ in random.nextWord() } == expected)
        for _ in 0..<1000 {
            let unit = random.nextUnit()
            #expect(unit >= 0 && unit < 1)
        }
    }

    @Test(arguments: [1, 15, 16, 17, 255, 1000, 50_304], [1, 2, 40, 300])
    func topWithoutSorting(_ count: Int, _ k: Int) {
        // Few different values, so that ties matter.
        let logits = testLogits(count, seed: 3).map { ($0 * 4).rounded() / 4 }
        let expected = ReferenceSampler.sorted(logits.enumerated().map { ($0.offset, Double($0.element)) }).prefix(k)
        let found = Candidates.top(k, of: logits.span)
        #expect(found.map { Int($0.token) } == expected.map(\.token))
        let rising = logits.sorted()
        #expect(Candidates.top(k, of: rising.span).map(\.logit) == Array(rising.reversed().prefix(k)))
    }
}
