import TensorCore
import TestSupport
import Testing

@Suite struct MatrixProductTests {
    /// Rows, blocks of 256 numbers' worth of columns, vectors.
    static let shapes =
        [(1, 1, 1), (3, 2, 2), (5, 3, 3), (16, 1, 4), (67, 3, 5), (33, 2, 13), (130, 5, 33)]
        + (6...12).map { ($0 * 5 + 1, 1, $0) } + [(31, 1, 14), (17, 2, 15), (15, 1, 16), (65, 1, 17), (49, 1, 24)]

    /// Widths for `blocks`: whole blocks of 256, or an odd number of blocks of 32, or no multiple of 16.
    static func width(_ type: TensorType, _ blocks: Int) -> Int {
        switch type.blockSize {
        case 256: blocks * 256
        case 32: blocks * 224 - 32
        default: blocks * 100 + 13
        }
    }

    @Test(arguments: TensorType.allCases, [ActivationPrecision.int8, .float32])
    func everyLevelComputesTheSameBitsNearTheTruth(type: TensorType, precision: ActivationPrecision) throws {
        for (rows, blocks, columns) in Self.shapes {
            let width = Self.width(type, blocks)
            var weights = RandomWeights(seed: UInt64(rows))
            let matrix = try weights.matrix(type, rows: rows, columns: width)
            let input = weights.random.numbers(columns * width)
            let results = try Levels.each { try multiply(matrix, input, columns: columns, precision: precision) }
            for (level, result) in results {
                #expect(result.map(\.bitPattern) == results[0].result.map(\.bitPattern), "\(level) \(rows)x\(columns)")
            }
            let rounded = precision == .int8 ? round(input, for: type) : input.map(Double.init)
            for row in 0..<rows {
                let numbers = matrix.dequantizedRow(row)
                for column in 0..<columns {
                    var (sum, size) = (0.0, 0.0)
                    for k in 0..<width {
                        sum += Double(numbers[k]) * rounded[column * width + k]
                        size += abs(Double(numbers[k]) * rounded[column * width + k])
                    }
                    #expect(abs(Double(results[0].result[column * rows + row]) - sum) <= 2e-6 * size)
                }
            }
        }
    }

    @Test(arguments: TensorType.allCases, [ActivationPrecision.int8, .float32])
    func aColumnDoesNotDependOnItsCompanyOrOnThreads(type: TensorType, precision: ActivationPrecision) throws {
        let (rows, width, most) = (150, Self.width(type, 2), 33)
        var weights = RandomWeights(seed: 11)
        let matrix = try weights.matrix(type, rows: rows, columns: width)
        let input = weights.random.numbers(most * width)
        let single = try (0..<most).flatMap { column in
            try multiply(matrix, Array(input[column * width..<(column + 1) * width]), columns: 1, precision: precision)
        }
        for columns in 2...most {
            let result = try multiply(
                matrix, input, columns: columns, precision: precision, threads: 1 + columns % 3)
            #expect(
                result.map(\.bitPattern) == single[..<(columns * rows)].map(\.bitPattern), "\(columns) columns")
        }
    }

    @Test func severalMatricesShareAPanel() throws {
        let width = 512
        var weights = RandomWeights(seed: 5)
        let types: [TensorType] = [.q4_K, .q6_K, .q8_0, .f16, .f32]
        let matrices = try types.enumerated().map { try weights.matrix($1, rows: 40 + 61 * $0, columns: width) }
        let bias = try FloatBuffer(weights.random.numbers(40))
        for columns in [1, 3, 9] {
            let input = weights.random.numbers(columns * width)
            let pool = ThreadPool(threads: 2)
            let scratch = try ProductScratch(width: width, columns: columns, threads: pool.threads)
            let panel = try ActivationPanel(width: width, capacity: 16, types: types, precision: .int8)
            panel.load(try FloatBuffer(input), columns: columns, pool: pool)
            #expect(panel.serves(.q4_K) && panel.serves(.iq4_NL) && panel.columns == columns)
            let output = try FloatBuffer(count: columns * 1000 + 7)
            var start = 7
            var projections: [Projection] = []
            for (index, matrix) in matrices.enumerated() {
                projections.append(
                    Projection(
                        matrix, bias: index == 0 ? bias : nil, output: output, offset: start, stride: 1000))
                start += matrix.rows
            }
            MatrixProduct.multiply(panel, by: projections, scratch: scratch, pool: pool)
            for (projection, matrix) in zip(projections, matrices) {
                let alone = try multiply(matrix, input, columns: columns, precision: .int8)
                for column in 0..<columns {
                    for row in 0..<matrix.rows {
                        let expected = alone[column * matrix.rows + row] + (projection.bias?.array[row] ?? 0)
                        #expect(output.array[projection.offset + column * 1000 + row] == expected)
                    }
                }
            }
        }
    }

    /// Largest, subnormal, zero, infinite and NaN scales: no trap, the same everywhere, and visible in the result.
    @Test(arguments: TensorType.allCases, [ActivationPrecision.int8, .float32])
    func extremeBlocksGoThrough(type: TensorType, precision: ActivationPrecision) throws {
        let bytes = try Golden.bytes("blocks/\(type.name).bin")
        let rows = type.isQuantized ? bytes.count / type.blockBytes : 4
        let width = bytes.count / type.blockBytes * type.blockSize / rows
        let matrix = try #require(
            Matrix(type: type, rows: rows, columns: width, data: ByteRegion(ByteStore.copying(bytes))))
        var random = RandomFloats(seed: 2)
        for columns in [1, 7] {
            var input = random.numbers(columns * width)
            input[0] = 1e30
            let results = try Levels.each { try multiply(matrix, input, columns: columns, precision: precision) }
            for (level, result) in results { #expect(result.comparable == results[0].result.comparable, "\(level)") }
            if type.isQuantized {
                #expect(results[0].result[rows - 1].isNaN && !results[0].result[rows - 2].isFinite)
                #expect(results[0].result[rows - 3] == 0)
            }
        }
    }

    /// Numbers and products of every magnitude, subnormal results among them, and all special values.
    @Test func bfloat16ProductsAreTheSameOnEveryLevel() throws {
        var random = RandomFloats(seed: 21)
        for (rows, width, columns) in [(5, 96, 1), (7, 64, 3), (9, 45, 7), (20, 1400, 26)] {
            /// Exponents near those whose products are subnormal, or any.
            func bits(_ index: Int) -> UInt32 {
                let number = random.numbers(2)
                let (lowest, count): (UInt32, UInt32) = index % 5 == 0 ? (0, 255) : (30, 60)
                let exponent = lowest + (number[1].bitPattern >> 3) % count
                return number[0].bitPattern & 0x807f_ffff | exponent << 23
            }
            let weights = (0..<rows * width).flatMap { index -> [UInt8] in
                let half = UInt16(truncatingIfNeeded: bits(index) >> 16)
                return [UInt8(truncatingIfNeeded: half), UInt8(half >> 8)]
            }
            var input = (0..<columns * width).map { Float(bitPattern: bits($0)) }
            input[0] = 0x1p-140
            if columns > 2 { (input[width], input[2 * width + 1]) = (.infinity, .nan) }
            let matrix = try #require(
                Matrix(type: .bf16, rows: rows, columns: width, data: ByteRegion(ByteStore.copying(weights))))
            let results = try Levels.each { try multiply(matrix, input, columns: columns, precision: .int8) }
            for (level, result) in results { #expect(result.comparable == results[0].result.comparable, "\(level)") }
        }
    }

    @Test(arguments: [TensorType.q4_0, .q4_K, .f16, .bf16])
    func badActivationsAreVisibleInTheirColumnOnly(type: TensorType) throws {
        var weights = RandomWeights(seed: 9)
        let matrix = try weights.matrix(type, rows: 20, columns: 256)
        for (bad, columns) in [(Float.nan, 2), (.infinity, 6)] {
            var input = weights.random.numbers(columns * 256)
            let before = try multiply(matrix, input, columns: columns, precision: .int8)
            input[256 + 100] = bad
            let results = try Levels.each { try multiply(matrix, input, columns: columns, precision: .int8) }
            for (level, result) in results {
                #expect(result.comparable == results[0].result.comparable, "\(level)")
                #expect(result[20..<40].allSatisfy { !$0.isFinite })
                #expect(Array(result[..<20]) == Array(before[..<20]))
            }
        }
    }

    @Test func tinyAndZeroActivationsGiveZero() throws {
        var weights = RandomWeights(seed: 13)
        let matrix = try weights.matrix(.q5_K, rows: 3, columns: 256)
        for size in [0, Float.leastNonzeroMagnitude, -1e-33] {
            let result = try multiply(
                matrix, [Float](repeating: size, count: 256), columns: 1, precision: .int8)
            #expect(result.allSatisfy { $0 == 0 })
        }
    }

    private func multiply(
        _ matrix: Matrix, _ input: [Float], columns: Int, precision: ActivationPrecision, threads: Int = 2
    ) throws -> [Float] {
        let pool = ThreadPool(threads: threads)
        let scratch = try ProductScratch(width: matrix.columns, columns: columns, threads: pool.threads)
        let panel = try ActivationPanel(
            width: matrix.columns, capacity: columns, types: [matrix.type], precision: precision)
        panel.load(try FloatBuffer(input), columns: columns, pool: pool)
        let output = try FloatBuffer(count: columns * matrix.rows)
        MatrixProduct.multiply(panel, by: [Projection(matrix, output: output)], scratch: scratch, pool: pool)
        return output.array
    }

    /// The nearest number with 8 significant bits, ties to even.
    private func brainFloat(_ number: Float) -> Float {
        let unit = 128 / number.binade
        return (number * unit).rounded(.toNearestOrEven) / unit
    }

    /// What rounded activations stand for.
    private func round(_ input: [Float], for type: TensorType) -> [Double] {
        let group = type.blockSize
        if type == .bf16 { return input.map { Double(brainFloat($0)) } }
        guard group > 1 else { return input.map(Double.init) }
        return stride(from: 0, to: input.count, by: group).flatMap { start in
            let numbers = input[start..<start + group]
            let largest = numbers.map(abs).max() ?? 0
            return numbers.map { Double(($0 * (127 / largest)).rounded(.toNearestOrEven)) * Double(largest / 127) }
        }
    }
}
