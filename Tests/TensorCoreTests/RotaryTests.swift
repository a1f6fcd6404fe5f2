import TensorCore
import TestSupport
import Testing

@Suite struct RotaryTests {
    /// Rotating (1, 0) gives (cos, sin).
    @Test func anglesAreTransformers() throws {
        let lines = try Golden.text("rope/rope.txt").split(separator: "\n").map { $0.split(separator: " ") }
        let pool = ThreadPool(threads: 1)
        let scalings = goldenScalings()
        var seen = 0
        for (index, header) in lines.enumerated() where header.count == 3 {
            let (base, scaling) = try #require(scalings[String(header[0])])
            let dimensions = try #require(Int(header[1]))
            let table = RotaryTable(base: base, dimensions: dimensions, scaling: scaling)
            #expect(abs(table.attentionFactor - (Float(header[2]) ?? 0)) < 1e-6)
            let expected = lines[index + 1].compactMap { Float($0) }
            // torch's power function is within an ulp; where it matters, at the fast frequencies, the bits are equal.
            #expect(table.frequencies.count == expected.count)
            for (frequency, golden) in zip(table.frequencies, expected) {
                #expect(abs(frequency - golden) <= (golden > 0.01 ? 0 : golden.ulp), "\(header[0])")
            }

            let pairs = dimensions / 2
            let angles = try RotaryAngles(capacity: 1, table: table)
            for row in stride(from: index + 2, to: index + 14, by: 2) {
                angles.set(row: 0, position: try #require(Int(lines[row][0])))
                let x = try FloatBuffer((0..<dimensions).map { $0 < pairs ? 1 : 0 })
                angles.rotate(x, rows: 1, heads: 1, headSize: dimensions, pool: pool)
                let goldens = (lines[row].dropFirst() + lines[row + 1].dropFirst()).compactMap { Float($0) }
                #expect(goldens.count == dimensions)
                for (value, golden) in zip(x.array, goldens) { #expect(abs(value - golden) <= 1e-6, "\(header[0])") }
            }
            seen += 1
        }
        #expect(seen == scalings.count)
    }

    @Test func pairingsAgreeAndTheRestPassesThrough() throws {
        let pool = ThreadPool(threads: 2)
        var random = RandomFloats(seed: 3)
        let (rows, heads, size, rotated) = (5, 3, 80, 20)
        let x = random.numbers(rows * heads * size)
        /// The same head with its pairs (i, i + rotated / 2) moved to (2i, 2i + 1).
        func permuted(_ x: [Float]) -> [Float] {
            var result = x
            for head in stride(from: 0, to: x.count, by: size) {
                for pair in 0..<rotated / 2 {
                    result[head + 2 * pair] = x[head + pair]
                    result[head + 2 * pair + 1] = x[head + pair + rotated / 2]
                }
            }
            return result
        }
        let results = try Levels.each {
            var outputs: [[Float]] = []
            for pairing in [RotaryTable.Pairing.halves, .adjacent] {
                let table = RotaryTable(base: 10000, dimensions: rotated, pairing: pairing)
                let angles = try RotaryAngles(capacity: rows, table: table)
                angles.set(positions: 100..<100 + rows)
                let buffer = try FloatBuffer(pairing == .halves ? x : permuted(x))
                angles.rotate(buffer, rows: rows, heads: heads, headSize: size, pool: pool)
                outputs.append(buffer.array)
            }
            #expect(permuted(outputs[0]) == outputs[1])
            return outputs[0]
        }
        for (level, result) in results {
            #expect(result == results[0].result, "\(level)")
            for index in x.indices where index % size >= rotated { #expect(result[index] == x[index]) }
        }
    }

    @Test func yarnWithoutExtrapolationIsInterpolation() {
        var yarn = RotaryScaling.YaRN(factor: 4, originalContext: 2048)
        yarn.extrapolation = 0
        let table = RotaryTable(base: 10000, dimensions: 32, scaling: .yarn(yarn))
        let linear = RotaryTable(base: 10000, dimensions: 32, scaling: .linear(factor: 4))
        #expect(zip(table.frequencies, linear.frequencies).allSatisfy { abs($0 / $1 - 1) < 1e-6 })
    }

    @Test func divisorsReplaceTheScaling() {
        let plain = RotaryTable(base: 10000, dimensions: 8)
        let divided = RotaryTable(base: 10000, dimensions: 8, scaling: .linear(factor: 9), divisors: [1, 2, 4, 8])
        #expect(divided.frequencies == zip(plain.frequencies, [1, 2, 4, 8]).map { $0 / $1 })
        let ignored = RotaryTable(base: 10000, dimensions: 8, divisors: [1])
        #expect(ignored.frequencies == plain.frequencies)
    }
}

/// The cases of scripts/golden/rope.py.
private func goldenScalings() -> [String: (base: Float, scaling: RotaryScaling)] {
    var untruncated = RotaryScaling.YaRN(factor: 16, originalContext: 4096)
    untruncated.betaFast = 24
    untruncated.betaSlow = 2
    untruncated.truncate = false
    var mscale = RotaryScaling.YaRN(factor: 40, originalContext: 4096)
    mscale.mscale = 0.707
    mscale.mscaleAllDimensions = 1
    return [
        "plain-20": (10000, .none),
        "plain-128": (1_000_000, .none),
        "linear": (10000, .linear(factor: 2.5)),
        "yarn": (10000, .yarn(.init(factor: 4, originalContext: 2048))),
        "yarn-untruncated": (10000, .yarn(untruncated)),
        "yarn-mscale": (10000, .yarn(mscale)),
        "llama3": (
            500_000, .llama3(factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 8192)
        ),
    ]
}
