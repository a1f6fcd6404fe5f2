import TensorCore
import Testing

@Suite struct NormalizationTests {
    static let widths = [1, 7, 15, 16, 17, 63, 64, 80, 129, 2560]
    let pool = ThreadPool(threads: 2)

    @Test(arguments: widths)
    func matchesDoublePrecisionOnEveryLevel(width: Int) throws {
        var random = RandomFloats(seed: UInt64(width))
        let rows = 5
        let x = random.numbers(rows * width).map { $0 + 3 }
        let weight = random.numbers(width)
        let bias = random.numbers(width)
        for (kind, hasBias) in [(Normalization.Kind.layer, true), (.layer, false), (.rms, false)] {
            let norm = try #require(
                Normalization(
                    kind, epsilon: 1e-5, weight: try FloatBuffer(weight), bias: hasBias ? try FloatBuffer(bias) : nil))
            let results = try Levels.each {
                let input = try FloatBuffer(x)
                let output = try FloatBuffer(count: x.count)
                norm.apply(to: input, rows: rows, into: output, pool: pool)
                norm.apply(to: input, rows: rows, into: input, pool: pool)
                #expect(input.bits == output.bits)
                return output
            }
            for (level, result) in results { #expect(result.bits == results[0].result.bits, "\(level)") }

            let values = results[0].result.array
            for row in 0..<rows {
                let exact = oracle(
                    Array(x[row * width..<(row + 1) * width]), kind, weight, hasBias ? bias : nil, epsilon: 1e-5)
                let size = exact.map(abs).max() ?? 1
                for column in 0..<width {
                    let error = abs(Double(values[row * width + column]) - exact[column])
                    #expect(error <= 1e-6 * max(size, 1), "row \(row) column \(column)")
                }
            }
        }
    }

    @Test func groupsAreNormalizedByThemselves() throws {
        var random = RandomFloats(seed: 1)
        let (heads, size) = (3, 20)
        let x = random.numbers(heads * size)
        let weight = random.numbers(heads * size)
        let norm = try #require(
            Normalization(.layer, epsilon: 1e-5, weight: try FloatBuffer(weight), groups: heads))
        let output = try FloatBuffer(count: x.count)
        norm.apply(to: try FloatBuffer(x), rows: 1, into: output, pool: pool)
        for head in 0..<heads {
            let range = head * size..<(head + 1) * size
            let exact = oracle(Array(x[range]), .layer, Array(weight[range]), nil, epsilon: 1e-5)
            for (value, expected) in zip(output.array[range], exact) { #expect(abs(Double(value) - expected) < 1e-5) }
        }
    }

    @Test func countsMustFit() throws {
        let ten = try FloatBuffer(count: 10)
        #expect(Normalization(.layer, epsilon: 0, weight: ten, groups: 3) == nil)
        #expect(Normalization(.rms, epsilon: 0, weight: ten, bias: ten) == nil)
        #expect(Normalization(.layer, epsilon: 0, weight: ten, bias: try FloatBuffer(count: 9)) == nil)
    }

    private func oracle(
        _ x: [Float], _ kind: Normalization.Kind, _ weight: [Float], _ bias: [Float]?, epsilon: Double
    ) -> [Double] {
        let x = x.map(Double.init)
        let mean = kind == .layer ? x.reduce(0, +) / Double(x.count) : 0
        let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
        let scale = 1 / (variance + Double(Float(epsilon))).squareRoot()
        return x.indices.map { (x[$0] - mean) * scale * Double(weight[$0]) + Double(bias?[$0] ?? 0) }
    }
}
