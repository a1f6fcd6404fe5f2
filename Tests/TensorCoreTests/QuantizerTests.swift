import TensorCore
import TestSupport
import Testing

@Suite struct QuantizerTests {
    @Test(arguments: [TensorType.f16, .bf16, .q8_0])
    func bytesAreThoseOfTheReference(type: TensorType) throws {
        let numbers = try Golden.floats("blocks/rows.f32.bin")
        let expected = try Golden.bytes("blocks/rows.\(type.name).bin")
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: numbers.count, by: 64) {
            try Quantizer.encode(numbers[start..<start + 64].span, as: type, appendingTo: &bytes)
        }
        #expect(bytes == expected)
    }

    @Test func floatsStayAsTheyAre() throws {
        let numbers: [Float] = [1, -0.0, .infinity, .leastNonzeroMagnitude]
        let matrix = try #require(
            Matrix(
                type: .f32, rows: 1, columns: 4,
                data: ByteRegion(ByteStore.copying(try Quantizer.encode(numbers, as: .f32)))))
        #expect(matrix.dequantizedRow(0).map(\.bitPattern) == numbers.map(\.bitPattern))
    }

    @Test func notANumberStaysVisible() throws {
        var numbers = [Float](repeating: 1, count: 64)
        numbers[40] = .nan
        for type in [TensorType.f16, .bf16, .q8_0] {
            let bytes = try Quantizer.encode(numbers, as: type)
            let matrix = try #require(
                Matrix(type: type, rows: 1, columns: 64, data: ByteRegion(ByteStore.copying(bytes))))
            #expect(matrix.dequantizedRow(0)[40].isNaN)
            #expect(abs(matrix.dequantizedRow(0)[3] - 1) < 1e-3)
        }
    }

    @Test func typesWithoutEncoderAndPartBlocksAreErrors() {
        #expect(throws: EncodingError.self) { try Quantizer.encode([Float](repeating: 0, count: 256), as: .q4_K) }
        #expect(throws: EncodingError.self) { try Quantizer.encode([Float](repeating: 0, count: 33), as: .q8_0) }
        #expect(EncodingError.partialBlock(type: .q8_0, count: 33).description.contains("33"))
    }
}
