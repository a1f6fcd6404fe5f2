import TensorCore
import Testing

/// Products whose rows are added or gated on the way out give what the separate operations give, bit for bit.
@Suite struct FusedProductTests {
    private let width = 512
    private let rows = 544
    private let types: [TensorType] = [.q4_K, .q8_0, .f32]

    @Test(arguments: [1, 3, 9, 33], [1, 2])
    func addedRows(columns: Int, threads: Int) throws {
        let pool = ThreadPool(threads: threads)
        var weights = RandomWeights(seed: 3)
        for type in types {
            let matrix = try weights.matrix(type, rows: rows, columns: width)
            let layer = try #require(Linear(matrix, bias: try FloatBuffer(weights.random.numbers(rows))))
            let panel = try panel(type, weights.random.numbers(columns * width), columns, pool)
            let scratch = try ProductScratch(width: width, columns: columns, threads: pool.threads)
            let before = weights.random.numbers(columns * rows)
            let alone = try FloatBuffer(count: columns * rows)
            MatrixProduct.multiply(panel, by: [Projection(layer, output: alone)], scratch: scratch, pool: pool)
            let sum = try FloatBuffer(before)
            MatrixProduct.multiply(
                panel, by: [Projection(layer, output: sum, effect: .add)], scratch: scratch, pool: pool)
            #expect(sum.array == zip(before, alone.array).map { $0 + $1 }, "\(type)")
        }
    }

    /// The gated rows, and the panel that is filled slab by slab: the product with it is the one with a panel loaded
    /// afterwards.
    @Test(arguments: [1, 3, 9, 33], [1, 2])
    func gatedRows(columns: Int, threads: Int) throws {
        let pool = ThreadPool(threads: threads)
        var weights = RandomWeights(seed: 4)
        for (type, next) in [(TensorType.q4_K, TensorType.q8_0), (.q5_0, .f32), (.f16, .q4_1), (.q6_K, .q5_0)] {
            let gate = try #require(Linear(weights.matrix(type, rows: rows, columns: width)))
            let up = try #require(Linear(weights.matrix(type, rows: rows, columns: width)))
            let down = try weights.matrix(next, rows: 40, columns: rows)
            let panel = try panel(type, weights.random.numbers(columns * width), columns, pool)
            let scratch = try ProductScratch(width: max(width, rows), columns: columns, threads: pool.threads)

            let gated = try FloatBuffer(count: columns * rows)
            let filled = try ActivationPanel(width: rows, capacity: columns, types: [next], precision: .int8)
            let pair = GatedProjection(gate: gate, up: up, rows: gated, panel: filled)
            MatrixProduct.multiply(panel, by: [], gated: pair, scratch: scratch, pool: pool)

            let separate = try [gate, up].map { layer in
                let output = try FloatBuffer(count: columns * rows)
                MatrixProduct.multiply(panel, by: [Projection(layer, output: output)], scratch: scratch, pool: pool)
                return output
            }
            FloatOps.gate(separate[0], separate[1], into: separate[0], count: columns * rows, pool: pool)
            #expect(gated.bits == separate[0].bits, "\(type)")

            let loaded = try ActivationPanel(width: rows, capacity: columns, types: [next], precision: .int8)
            loaded.load(separate[0], columns: columns, pool: pool)
            let results = try [filled, loaded].map { panel in
                let output = try FloatBuffer(count: columns * 40)
                MatrixProduct.multiply(panel, by: [Projection(down, output: output)], scratch: scratch, pool: pool)
                return output.bits
            }
            #expect(results[0] == results[1], "\(next)")
        }
    }

    private func panel(
        _ type: TensorType, _ input: [Float], _ columns: Int, _ pool: ThreadPool
    ) throws -> ActivationPanel {
        let panel = try ActivationPanel(width: width, capacity: columns, types: [type], precision: .int8)
        panel.load(try FloatBuffer(input), columns: columns, pool: pool)
        return panel
    }
}
