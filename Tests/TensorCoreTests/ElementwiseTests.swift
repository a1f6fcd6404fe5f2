import Glibc
import TensorCore
import Testing

@Suite struct ElementwiseTests {
    let pool = ThreadPool(threads: 2)

    @Test func exponentialsAreWithinOneUlp() throws {
        var random = RandomFloats(seed: 5)
        var x = (0..<200_000).map { _ in Float.random(in: -104...89, using: &random) }
        x += [0, -0.0, 1, -1, .infinity, -.infinity, 88.72, 88.73, -87.4, -103.9, -104, -200, 200, 1e-30]
        let results = try Levels.each {
            let buffer = try FloatBuffer(x)
            FloatOps.exp(buffer, count: x.count)
            return buffer
        }
        for (level, result) in results { #expect(result.bits == results[0].result.bits, "\(level)") }
        var worst = 0.0
        for (input, value) in zip(x, results[0].result.array) {
            let exact = Glibc.exp(Double(input))
            let nearest = Float(exact)
            if nearest.isInfinite || nearest == 0 {
                #expect(value == nearest || abs(Double(value) - exact) <= Double(Float.leastNonzeroMagnitude))
            } else {
                worst = max(worst, abs(Double(value) - exact) / Double(nearest.ulp))
            }
        }
        #expect(worst <= 1)
    }

    @Test(arguments: [1, 15, 16, 33, 6912, 20_001])
    func gateMatchesDoublePrecision(count: Int) throws {
        var random = RandomFloats(seed: UInt64(count))
        let gate = random.numbers(count, scale: 8)
        let up = random.numbers(count)
        let results = try Levels.each {
            let output = try FloatBuffer(count: count)
            FloatOps.gate(try FloatBuffer(gate), try FloatBuffer(up), into: output, count: count, pool: pool)
            return output
        }
        for (level, result) in results { #expect(result.bits == results[0].result.bits, "\(level)") }
        for (index, value) in results[0].result.array.enumerated() {
            let g = Double(gate[index])
            let exact = g / (1 + Glibc.exp(-g)) * Double(up[index])
            #expect(abs(Double(value) - exact) <= 2.5 * Double(Float(exact).ulp))
        }
    }

    @Test func residualsAdd() throws {
        var random = RandomFloats(seed: 2)
        let (x, y) = (random.numbers(70_001), random.numbers(70_001))
        let results = try Levels.each {
            let sum = try FloatBuffer(x)
            FloatOps.addResidual(try FloatBuffer(y), to: sum, count: x.count, pool: pool)
            return sum
        }
        for (_, result) in results { #expect(result.array == zip(x, y).map { $0 + $1 }) }
    }

    @Test func halvesConvertExactly() {
        let bits = (0...UInt16.max).map { $0 }
        let floats = Levels.each { FloatOps.floats(fromHalves: bits).map(\.bitPattern) }
        for (level, result) in floats { #expect(result == floats[0].result, "\(level)") }
        #if !arch(x86_64) || !os(macOS)
        for (half, single) in zip(bits, floats[0].result) where half & 0x7C00 != 0x7C00 || half & 0x3FF == 0 {
            #expect(Float(Float16(bitPattern: half)).bitPattern == single)
        }
        #endif

        var random = RandomFloats(seed: 9)
        var numbers = FloatOps.floats(fromHalves: bits)
        // Halfway between neighbours, just beside, and anything.
        for half in bits.dropLast() where half & 0x7C00 != 0x7C00 {
            let (low, high) = (FloatOps.floats(fromHalves: [half])[0], FloatOps.floats(fromHalves: [half + 1])[0])
            if high.isFinite { numbers += [(low + high) / 2, ((low + high) / 2).nextUp, ((low + high) / 2).nextDown] }
        }
        numbers += (0..<50_000).map { _ in Float(bitPattern: UInt32.random(in: 0 ... .max, using: &random)) }
        let halves = Levels.each { FloatOps.halves(fromFloats: numbers) }
        for (level, result) in halves { #expect(result == halves[0].result, "\(level)") }
        #if !arch(x86_64) || !os(macOS)
        for (number, half) in zip(numbers, halves[0].result) where !number.isNaN {
            #expect(Float16(number).bitPattern == half)
        }
        #endif
    }
}
