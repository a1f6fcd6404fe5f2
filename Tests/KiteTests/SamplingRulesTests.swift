import Foundation
import Testing
import Tokenization

@testable import Kite

@Suite("Sampling: rules and errors")
struct SamplingRulesTests {
    private let logits: [Float] = [1, 4, -2, 3, 0]

    @Test func greedyTakesTheLargestAndTheLowestOfEquals() throws {
        #expect(try choose(logits, .greedy) == 1)
        #expect(try choose([1, 5, 5, 5], .greedy) == 1)
        #expect(try choose([-.infinity, -.infinity, -3], .greedy) == 2)
        #expect(try choose([Float](repeating: 0, count: 100), .greedy) == 0)
        // Filters say nothing in greedy choice.
        #expect(try choose(logits, SamplingOptions(temperature: 0, topK: 3, topP: 0.1, typicalP: 0.1)) == 1)
    }

    @Test func bannedRowsAreNeverChosen() throws {
        #expect(try choose(logits, .greedy, banned: [1, 3, 99, -1]) == 0)
        // Not even with a bias.
        var options = SamplingOptions.greedy
        options.logitBias = [1: 1000]
        #expect(try choose(logits, options, banned: [1]) == 3)
        var sampler = try Sampler(
            SamplingOptions(temperature: 50, topK: 0, topP: 1, minP: 0, seed: 1), vocabularySize: 5,
            neverSampled: [1, 3], promptTail: [])
        for _ in 0..<500 { #expect(![1, 3].contains(try sampler.choose(logits))) }
    }

    @Test func bias() throws {
        var options = SamplingOptions.greedy
        options.logitBias = [2: 10]
        #expect(try choose(logits, options) == 2)
        options.logitBias = [1: -.infinity, 3: -5]
        #expect(try choose(logits, options) == 0)
    }

    /// `repeat` divides positive logits and multiplies the others; then count · frequency + presence is taken off.
    @Test func penalties() throws {
        let options = SamplingOptions(
            temperature: 0, repeatPenalty: 2, repeatLastN: 4, presencePenalty: 0.25, frequencyPenalty: 0.5)
        var sampler = try Sampler(
            options, vocabularySize: 5, neverSampled: [], promptTail: [0, 0, 1, 1, 2])
        // The window holds 0, 1, 1, 2.
        #expect(try sampler.adjusted(logits) == [0.5 - 0.75, 2 - 1.25, -4 - 0.75, 3, 0])
        sampler.accept(4)
        // 1, 1, 2, 4: token 0 has left.
        #expect(try sampler.adjusted(logits) == [1, 2 - 1.25, -4 - 0.75, 3, 0 - 0.75])
        sampler.accept(4)
        sampler.accept(4)
        sampler.accept(4)
        #expect(try sampler.adjusted(logits) == [1, 4, -2, 3, 0 - 2.25])
    }

    @Test func penaltyWindows() throws {
        var options = SamplingOptions(temperature: 0, repeatPenalty: 2, repeatLastN: 0)
        var sampler = try Sampler(options, vocabularySize: 5, neverSampled: [], promptTail: [1])
        sampler.accept(1)
        #expect(try sampler.adjusted(logits) == logits)
        options.repeatLastN = -1
        sampler = try Sampler(options, vocabularySize: 5, neverSampled: [], promptTail: [1])
        for _ in 0..<1000 { sampler.accept(0) }
        #expect(try sampler.adjusted(logits) == [0.5, 2, -2, 3, 0])
        // Ids the vocabulary does not have are no one's penalty.
        sampler.accept(-1)
        sampler.accept(.max)
        #expect(try sampler.adjusted(logits) == [0.5, 2, -2, 3, 0])
    }

    @Test(arguments: [Float.nan, -Float.nan, .infinity], [0, 7, 16, 40])
    func damagedLogits(_ value: Float, _ row: Int) throws {
        var logits = [Float](repeating: 0, count: 41)
        logits[row] = value
        for options in [SamplingOptions.greedy, SamplingOptions(seed: 1), SamplingOptions(topK: 0, seed: 1)] {
            #expect {
                try choose(logits, options, banned: [TokenID(row)])
            } throws: { error in
                guard case .invalidLogit(let token, _)? = error as? SamplingError else { return false }
                return Int(token) == row
            }
        }
    }

    @Test func nothingLeft() throws {
        let none = [Float](repeating: -.infinity, count: 20)
        for options in [SamplingOptions.greedy, SamplingOptions(seed: 1), SamplingOptions(topK: 0, seed: 1)] {
            #expect(throws: SamplingError.nothingToSample) { try choose(none, options) }
            #expect(throws: SamplingError.nothingToSample) { try choose([1, 2], options, banned: [0, 1]) }
        }
    }

    @Test func sizes() throws {
        var sampler = try Sampler(.greedy, vocabularySize: 5, neverSampled: [], promptTail: [])
        #expect(throws: SamplingError.sizeMismatch(expected: 5, found: 2)) { try sampler.choose([1, 2]) }
        #expect(throws: SamplingError.unknownToken(5, vocabularySize: 5)) {
            try choose(logits, SamplingOptions(logitBias: [5: 1]))
        }
    }

    @Test(arguments: [
        ("temperature", SamplingOptions(temperature: -1)), ("temperature", SamplingOptions(temperature: .nan)),
        ("temperature", SamplingOptions(temperature: .infinity)), ("topK", SamplingOptions(topK: -1)),
        ("topP", SamplingOptions(topP: 1.1)), ("topP", SamplingOptions(topP: .nan)),
        ("minP", SamplingOptions(minP: -0.1)), ("typicalP", SamplingOptions(typicalP: 2)),
        ("repeatPenalty", SamplingOptions(repeatPenalty: 0)), ("repeatPenalty", SamplingOptions(repeatPenalty: -1)),
        ("repeatLastN", SamplingOptions(repeatLastN: -2)),
        ("presencePenalty", SamplingOptions(presencePenalty: .nan)),
        ("frequencyPenalty", SamplingOptions(frequencyPenalty: -.infinity)),
        ("logitBias", SamplingOptions(logitBias: [1: .nan])), ("logitBias", SamplingOptions(logitBias: [1: .infinity])),
        ("logitBias", SamplingOptions(logitBias: [-1: 0])),
    ])
    func optionsOutOfRange(_ name: String, _ options: SamplingOptions) {
        #expect {
            try options.validate()
        } throws: { error in
            guard case .invalidOption(let found, _, _)? = error as? SamplingError else { return false }
            return found == name
        }
        #expect(throws: SamplingError.self) { try choose(logits, options) }
    }

    @Test func optionsInRange() throws {
        try SamplingOptions().validate()
        try SamplingOptions.greedy.validate()
        try SamplingOptions(temperature: 1e-30, topP: 0, minP: 1, typicalP: 0, logitBias: [1: -.infinity]).validate()
        // The smallest temperature is greedy in effect, and the largest logits do no harm.
        #expect(try choose([1e38, -1e38, 3e38], SamplingOptions(temperature: 1e-30, seed: 1)) == 2)
    }
}
