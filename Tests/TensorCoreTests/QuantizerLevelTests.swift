import TensorCore
import TestSupport
import Testing

/// The same bytes at every CPU level, for rows of any number of blocks, and however the rows are divided.
@Suite struct QuantizerLevelTests {
    /// Rows of one size, of groups with sizes of their own, with few numbers, and of no more than 24 bits of pattern.
    static func rows(_ count: Int, _ columns: Int, _ random: inout RandomFloats) -> [Float] {
        var numbers = random.numbers(count * columns)
        for row in 0..<count {
            for index in row * columns..<(row + 1) * columns {
                switch row % 4 {
                case 1: numbers[index] *= Float(sign: .plus, exponent: index / 16 * 7 % 40 - 30, significand: 1)
                case 2: numbers[index] = index * 7 % 11 == 0 ? numbers[index] : index % 2 == 0 ? 0 : -0.0
                case 3: numbers[index] = abs(numbers[index]) * Float(sign: .plus, exponent: 100, significand: 1)
                default: break
                }
            }
        }
        return numbers
    }

    @Test(arguments: QuantizerReferenceTests.quantized)
    func everyLevelHasTheBytesOfTheScalarTwin(type: TensorType) throws {
        var random = RandomFloats(seed: 11)
        for (count, columns) in [(1, 256), (3, 1280), (5, 1536), (1, 4352), (19, 256)] {
            let rows = Self.rows(count, columns, &random)
            for importance in [nil, random.numbers(columns).map(abs)] {
                let results = try Levels.each {
                    try QuantizerReferenceTests.encode(rows, as: type, columns: columns, importance: importance)
                }
                let scalar = try #require(results.first { $0.level == .scalar }).result
                for (level, bytes) in results { #expect(bytes == scalar, "\(level) \(count) x \(columns)") }
            }
        }
    }

    /// What is encoded row by row, and by several threads at once, is what is encoded in one go.
    @Test(arguments: QuantizerReferenceTests.quantized)
    func divisionOfTheRowsMakesNoDifference(type: TensorType) async throws {
        var random = RandomFloats(seed: 12)
        let columns = 768
        let rows = Self.rows(12, columns, &random)
        let importance = random.numbers(columns).map(abs)
        let whole = try QuantizerReferenceTests.encode(rows, as: type, columns: columns, importance: importance)
        let parts = try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
            for row in 0..<12 {
                group.addTask {
                    var bytes: [UInt8] = []
                    try Quantizer.encode(
                        rows[row * columns..<(row + 1) * columns].span, as: type, importance: importance.span,
                        appendingTo: &bytes)
                    return (row, bytes)
                }
            }
            return try await group.reduce(into: [Int: [UInt8]]()) { $0[$1.0] = $1.1 }
        }
        #expect((0..<12).flatMap { parts[$0] ?? [] } == whole)
    }

    @Test func firstNumberThatIsNotFinite() {
        for count in [0, 1, 255, 256, 1000] {
            var numbers = [Float](repeating: -.greatestFiniteMagnitude, count: count)
            #expect(FloatOps.firstNonFinite(numbers.span) == nil)
            for index in stride(from: count - 1, through: 0, by: -97) {
                numbers[index] = index % 2 == 0 ? .nan : -.infinity
                #expect(FloatOps.firstNonFinite(numbers.span) == index)
            }
        }
    }
}
