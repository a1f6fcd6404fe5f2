import Foundation
import Tokenization

@testable import Kite

/// The stages again, written for reading: arrays of (token, logit), fully sorted each time.
enum ReferenceSampler {
    typealias Row = (token: Int, logit: Double)

    static func probabilities(_ rows: [Row]) -> [Double] {
        let largest = rows.map(\.logit).max() ?? 0
        let weights = rows.map { exp($0.logit - largest) }
        return weights.map { $0 / weights.reduce(0, +) }
    }

    static func sorted(_ rows: [Row]) -> [Row] {
        rows.sorted { $0.logit > $1.logit || ($0.logit == $1.logit && $0.token < $1.token) }
    }

    /// Probabilities by token after all stages; tokens that cannot be drawn are missing.
    static func distribution(_ logits: [Float], _ options: SamplingOptions) -> [Int: Double] {
        var rows = sorted(logits.enumerated().map { ($0.offset, Double($0.element)) })
        if options.topK > 0 { rows = Array(rows.prefix(options.topK)) }
        if options.typicalP < 1 {
            let p = probabilities(rows)
            let entropy = -p.map { $0 > 0 ? $0 * log($0) : 0 }.reduce(0, +)
            let order = rows.indices.sorted { abs(-log(p[$0]) - entropy) < abs(-log(p[$1]) - entropy) }
            var sum = 0.0
            var kept: [Row] = []
            for index in order {
                kept.append(rows[index])
                sum += p[index]
                if sum > Double(options.typicalP) { break }
            }
            rows = sorted(kept)
        }
        if options.topP < 1 {
            let p = probabilities(rows)
            var sum = 0.0
            var count = 0
            while count < rows.count, sum < Double(options.topP) || count == 0 {
                sum += p[count]
                count += 1
            }
            rows = Array(rows.prefix(count))
        }
        if options.minP > 0 {
            let bound = rows[0].logit + log(Double(options.minP))
            rows = rows.filter { $0.logit >= bound }
        }
        let p = probabilities(rows.map { ($0.token, $0.logit / Double(options.temperature)) })
        return Dictionary(uniqueKeysWithValues: zip(rows.map(\.token), p))
    }
}

/// Logits with a few clear favourites, different for each seed.
func testLogits(_ count: Int, seed: UInt64) -> [Float] {
    var random = PCG32(seed: seed)
    return (0..<count).map { _ in Float(log(-log(random.nextUnit() + 1e-12) + 1e-12) * -2) }
}

/// One choice of a fresh sampler.
func choose(
    _ logits: [Float], _ options: SamplingOptions, banned: [TokenID] = [], tail: [TokenID] = []
) throws -> TokenID {
    var sampler = try Sampler(
        options, vocabularySize: logits.count, neverSampled: banned, promptTail: tail[...])
    return try sampler.choose(logits)
}

extension Sampler {
    /// A choice from a copy of the logits.
    mutating func choose(_ logits: [Float]) throws -> TokenID {
        var copy = logits
        var span = copy.mutableSpan
        return try sample(&span)
    }

    /// The logits after banning, bias and penalties.
    mutating func adjusted(_ logits: [Float]) throws -> [Float] {
        var copy = logits
        var span = copy.mutableSpan
        _ = try sample(&span)
        return copy
    }
}
