import Glibc
import TensorCore
import Testing

@Suite struct SoftmaxTests {
    @Test(arguments: [1, 2, 16, 31, 1000, 50_304])
    func matchesDoublePrecision(count: Int) throws {
        var random = RandomFloats(seed: UInt64(count))
        let x = random.numbers(count, scale: 5)
        let exact = x.map { Glibc.exp(Double($0)) }
        let total = exact.reduce(0, +)
        let results = try Levels.each {
            let (softmax, log) = (try FloatBuffer(x), try FloatBuffer(x))
            softmax.withMutableSpan { FloatOps.softmax(&$0) }
            log.withMutableSpan { FloatOps.logSoftmax(&$0) }
            return (softmax, log, try FloatBuffer(x).withSpan { FloatOps.logSumExp($0) })
        }
        for (level, result) in results {
            #expect(result.0.bits == results[0].result.0.bits, "\(level)")
            #expect(result.1.bits == results[0].result.1.bits, "\(level)")
            #expect(result.2 == results[0].result.2, "\(level)")
        }
        let (softmax, log, sum) = results[0].result
        #expect(abs(sum - Glibc.log(total)) < 1e-6)
        for index in x.indices {
            // x - max x is rounded to single precision: half an ulp of 32 is 2e-6.
            #expect(abs(Double(softmax.array[index]) - exact[index] / total) <= 3e-6 * exact[index] / total)
            #expect(abs(Double(log.array[index]) - (Double(x[index]) - Glibc.log(total))) < 2e-6)
            if count > 1000, index > 200 { break }
        }
    }

    @Test func maximumIsTheFirstAndIgnoresNaN() throws {
        let cases: [([Float], Int)] = [
            ([3], 0), ([1, 5, 2, 5], 1), ([.nan, 1, .nan, 7, 7], 3), ([.nan, .nan], 0),
            ([-.infinity, -.infinity], 0), ([Float](repeating: -1, count: 40) + [0], 40),
            ([Float](repeating: .nan, count: 40) + [-3], 40), ([-0.0, 0], 0),
        ]
        for (numbers, expected) in cases {
            let buffer = try FloatBuffer(numbers)
            for (level, result) in Levels.each({ buffer.withSpan { FloatOps.argmax($0) } }) {
                #expect(result == expected, "\(numbers) \(level)")
            }
        }
        let none = try FloatBuffer(count: 0)
        #expect(none.withSpan { FloatOps.argmax($0) } == 0)
        #expect(none.withSpan { FloatOps.max($0) } == -.infinity)
        #expect(none.withSpan { FloatOps.logSumExp($0) } == -.infinity)
        none.withMutableSpan { FloatOps.softmax(&$0) }
    }
}
