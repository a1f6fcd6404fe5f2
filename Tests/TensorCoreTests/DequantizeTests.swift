import TensorCore
import TestSupport
import Testing

@Suite struct DequantizeTests {
    /// Ordinary, largest, smallest, zero, infinite and NaN scales; codes at both ends.
    @Test(arguments: TensorType.allCases)
    func blocksAreThoseOfTheReference(type: TensorType) throws {
        let bytes = try Golden.bytes("blocks/\(type.name).bin")
        let expected = try Golden.floats("blocks/\(type.name).f32.bin")
        let matrix = try #require(
            Matrix(type: type, rows: 1, columns: expected.count, data: ByteRegion(ByteStore.copying(bytes))))
        for (level, row) in Levels.each({ matrix.dequantizedRow(0) }) {
            #expect(row.comparable == expected.comparable, "\(level)")
        }
    }

    @Test func rowsGoWhereTheyAreWanted() throws {
        var weights = RandomWeights(seed: 3)
        let matrix = try weights.matrix(.q6_K, rows: 4, columns: 512)
        let buffer = try FloatBuffer(count: 1100)
        matrix.dequantizeRow(2, into: buffer, at: 300)
        #expect(Array(buffer.array[300..<812]) == matrix.dequantizedRow(2))
        #expect(buffer.array[..<300].allSatisfy { $0 == 0 } && buffer.array[812...].allSatisfy { $0 == 0 })
    }
}
