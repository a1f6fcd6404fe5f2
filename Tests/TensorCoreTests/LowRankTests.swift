import TensorCore
import Testing

/// What adapters add to products: the right numbers, and the same ones in any company.
@Suite struct LowRankTests {
    private static let shape = CPUBackend.Shape(
        tokens: 64, embedding: 80, feedForward: 96, vocabulary: 70, queryHeads: 5, kvHeads: 5, headSize: 16)

    private func backend(threads: Int) throws -> CPUBackend {
        var inputs = CPUBackend.InputTypes()
        inputs.residual = [.f32, .q8_0]
        inputs.attention = [.f32]
        inputs.gated = [.f32]
        let layout = try #require(KVLayout(type: .f32, layers: 1, kvHeads: 5, headSize: 16))
        let table = RotaryTable(base: 10000, dimensions: 16, pairing: .halves, scaling: .none, divisors: nil)
        return try #require(
            try CPUBackend(
                Self.shape, inputs: inputs, layout: layout, rotary: table, window: nil, threads: threads,
                activations: .int8))
    }

    private struct Model {
        let embedding: Matrix
        let norm: Normalization
        var output: Linear
        let a: Matrix
        let b: Matrix
        let factors: LowRankFactors
    }

    /// The rows of the output matrix are no multiple of a block, the rank none of a vector.
    private func model(_ type: TensorType, rank: Int, order: (Int) -> Int = { $0 }) throws -> Model {
        var weights = RandomWeights(seed: 5)
        let width = Self.shape.embedding
        let embedding = try weights.matrix(.f32, rows: 10, columns: width)
        let norm = try #require(
            Normalization(.rms, epsilon: 1e-5, weight: try FloatBuffer([Float](repeating: 1, count: width))))
        let output = try #require(Linear(weights.matrix(.f32, rows: Self.shape.vocabulary, columns: width)))
        let a = try weights.matrix(type, rows: rank, columns: width)
        let b = try weights.matrix(type == .q8_0 ? .f32 : type, rows: Self.shape.vocabulary, columns: rank)
        let factors = try #require(try LowRankFactors(a: a, b: b, rowOrder: order))
        return Model(embedding: embedding, norm: norm, output: output, a: a, b: b, factors: factors)
    }

    private func logits(
        _ model: Model, tokens: [Int32], rows: [Int], runs: [LowRankAddition.Run], threads: Int
    ) throws -> [Float] {
        let backend = try backend(threads: threads)
        var output = model.output
        output.addition = LowRankAddition(runs)
        let ranks = runs.flatMap { run in run.terms.map { $0.factors.rank * run.columns.count } }.reduce(0, +)
        try backend.reserveAdditions(ranks)
        let layout = try #require(KVLayout(type: .f32, layers: 1, kvHeads: 5, headSize: 16))
        var sequence = KVSequence(layout)
        try sequence.reserve(upTo: tokens.count)
        backend.begin([.init(sequence: sequence, position: 0, tokens: tokens.count)])
        defer { backend.end() }
        backend.embed(tokens, from: model.embedding)
        var result: [Float] = []
        backend.logits(output, norm: model.norm, rows: rows, into: &result)
        return result
    }

    /// Against sums in f64.
    @Test(arguments: [TensorType.f32, .f16, .bf16], [1, 5, 16, 37])
    func addsTheProduct(_ type: TensorType, rank: Int) throws {
        let model = try model(type, rank: rank)
        let tokens: [Int32] = [3, 1, 4, 1, 5]
        let scale: Float = 0.3
        let run = LowRankAddition.Run(columns: 0..<5, terms: [.init(model.factors, scale: scale)])
        let rows = [0, 1, 4]
        let plain = try logits(model, tokens: tokens, rows: rows, runs: [], threads: 1)
        let found = try logits(model, tokens: tokens, rows: rows, runs: [run], threads: 2)
        for (index, row) in rows.enumerated() {
            let x = model.embedding.dequantizedRow(Int(tokens[row])).map(Double.init)
            let size = (x.reduce(0) { $0 + $1 * $1 } / Double(x.count) + 1e-5).squareRoot()
            let reduced = (0..<rank).map { k in
                zip(model.a.dequantizedRow(k), x).reduce(0) { $0 + Double($1.0) * $1.1 / size } * Double(scale)
            }
            for out in 0..<Self.shape.vocabulary {
                let delta = zip(model.b.dequantizedRow(out), reduced).reduce(0) { $0 + Double($1.0) * $1.1 }
                let place = index * Self.shape.vocabulary + out
                #expect(abs(Double(found[place]) - Double(plain[place]) - delta) < 1e-3 * (1 + abs(delta)))
            }
        }
    }

    /// Rows of the adapter in another order than the matrix's.
    @Test func putsRowsInOrder() throws {
        let count = Self.shape.vocabulary
        let plain = try model(.f32, rank: 3)
        let reversed = try model(.f32, rank: 3) { count - 1 - $0 }
        let before = try logits(plain, tokens: [2], rows: [0], runs: [], threads: 1)
        let results = try [plain, reversed].map { model -> [Float] in
            let run = LowRankAddition.Run(columns: 0..<1, terms: [.init(model.factors, scale: 1)])
            let after = try logits(model, tokens: [2], rows: [0], runs: [run], threads: 1)
            return zip(after, before).map { $0 - $1 }
        }
        for (one, other) in zip(results[0], results[1].reversed()) { #expect(abs(one - other) < 1e-4) }
    }

    /// The same bits for any number of threads and columns, beside tokens of other adapters and of none, and on every
    /// CPU level.
    @Test(arguments: [TensorType.f32, .f16, .bf16, .q8_0])
    func sameInAnyCompany(_ type: TensorType) throws {
        let model = try model(type == .q8_0 ? .f32 : type, rank: 21)
        let term = LowRankAddition.Term(model.factors, scale: 1.5)
        let other = LowRankAddition.Term(model.factors, scale: -0.25)
        let tokens = (0..<61).map { Int32($0 % 10) }
        let levels = try Levels.each { () -> [UInt32] in
            var expected: [UInt32] = []
            for token in 0..<10 {
                let run = LowRankAddition.Run(columns: 0..<1, terms: [term])
                expected += try logits(model, tokens: [Int32(token)], rows: [0], runs: [run], threads: 1)
                    .map(\.bitPattern)
            }
            let width = Self.shape.vocabulary
            for threads in [1, 3] {
                for runs in [
                    [LowRankAddition.Run(columns: 0..<61, terms: [term])],
                    [.init(columns: 0..<7, terms: [other, other]), .init(columns: 20..<61, terms: [term])],
                ] {
                    let mine = Array((20..<61).filter { $0 % 3 != 1 })
                    let rows = [2, 3] + mine + [15]
                    let found = try logits(model, tokens: tokens, rows: rows.sorted(), runs: runs, threads: threads)
                    for (index, row) in rows.sorted().enumerated() where row >= 20 {
                        let token = Int(tokens[row])
                        let one = found[index * width..<(index + 1) * width].map(\.bitPattern)
                        #expect(one == Array(expected[token * width..<(token + 1) * width]), "row \(row)")
                    }
                }
            }
            return expected
        }
        for (level, result) in levels { #expect(result == levels[0].result, "\(level)") }
    }

    @Test func refusesFactorsOfDifferentRanks() throws {
        var weights = RandomWeights(seed: 6)
        let a = try weights.matrix(.f32, rows: 4, columns: 16)
        let b = try weights.matrix(.f32, rows: 8, columns: 5)
        #expect(try LowRankFactors(a: a, b: b) == nil)
    }
}
