import Glibc
import TensorCore
import Testing

@Suite struct LogProbabilityCodesTests {
    /// Every level gives the same bits, and they are within half a code of the exact log-probabilities.
    @Test(arguments: [1, 2, 15, 16, 31, 1000, 50_304])
    func codesAreTheLogProbabilities(count: Int) throws {
        var random = RandomFloats(seed: UInt64(count))
        let x = random.numbers(count, scale: 4)
        let exactSum = log(x.reduce(0.0) { $0 + exp(Double($1)) })
        let buffer = try FloatBuffer(x)
        let results = Levels.each { () -> ([UInt16], Double) in
            var sum = 0.0
            let row = buffer.withSpan { LogProbabilityCodes.encode($0, logSum: &sum) }
            return (row, sum)
        }
        for (level, result) in results {
            #expect(result.0 == results[0].result.0, "\(level)")
            #expect(result.1 == results[0].result.1, "\(level)")
        }
        let (row, sum) = results[0].result
        #expect(row.count == 4 + (count + 1) / 2 * 2)
        #expect(abs(sum - exactSum) < 1e-6)
        let isSound = LogProbabilityCodes.isSound(row.span)
        #expect(isSound)
        let highest = x.max() ?? 0
        for index in x.indices where x[index] > highest - 16 {
            let value = LogProbabilityCodes.logProbability(of: index, in: row.span)
            #expect(abs(value - (Double(x[index]) - exactSum)) < 0.6 * 16 / 65535)
        }
    }

    @Test(arguments: [1, 2, 15, 16, 31, 1000, 50_304])
    func divergenceIsThatOfTheCodes(count: Int) throws {
        var random = RandomFloats(seed: UInt64(count) + 1)
        let base = random.numbers(count, scale: 4)
        let x = zip(base, random.numbers(count, scale: 0.1)).map { $0 + $1 }
        var unused = 0.0
        let row = LogProbabilityCodes.encode(base.span, logSum: &unused)
        let sum = log(x.reduce(0.0) { $0 + exp(Double($1)) })
        let exact = x.indices.reduce(0.0) { total, index in
            let p = LogProbabilityCodes.logProbability(of: index, in: row.span)
            return p > -16 ? total + exp(p) * (p - (Double(x[index]) - sum)) : total
        }
        let results = Levels.each {
            LogProbabilityCodes.divergence(of: x.span, logSum: sum, from: row.span)
        }
        for (level, result) in results { #expect(result == results[0].result, "\(level)") }
        #expect(abs(results[0].result - exact) < 1e-6 + 1e-4 * abs(exact))
        let top = LogProbabilityCodes.likeliest(in: row.span, vocabulary: count)
        #expect(row[4 + top] == row[4...].max())
    }

    /// Logits that are alike, the only one, or no numbers.
    @Test func degenerateRows() {
        var sum = 0.0
        let alike = LogProbabilityCodes.encode([2, 2, 2, 2].span, logSum: &sum)
        #expect(alike[4...].allSatisfy { $0 == 0 })
        let quarter = LogProbabilityCodes.logProbability(of: 1, in: alike.span)
        #expect(abs(quarter - log(0.25)) < 1e-6)
        let low = LogProbabilityCodes.encode([0, -100, -.infinity].span, logSum: &sum)
        #expect(Array(low[4...]) == [65535, 0, 0, 0])
        for bad in [Float.nan, .infinity] {
            _ = LogProbabilityCodes.encode([0, bad, 1].span, logSum: &sum)
            #expect(!sum.isFinite)
        }
        for header: [UInt16] in [[0xFFFF, 0xFFFF, 0, 0], [0, 0, 0, 0x7F80], [0, 0x3F80, 0, 0]] {
            let isSound = LogProbabilityCodes.isSound((header + [1, 2]).span)
            #expect(!isSound)
        }
    }
}
