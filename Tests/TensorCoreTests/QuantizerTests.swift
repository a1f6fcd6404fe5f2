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
        for type in [TensorType.f16, .bf16] {
            let bytes = try Quantizer.encode(numbers, as: type)
            let matrix = try #require(
                Matrix(type: type, rows: 1, columns: 64, data: ByteRegion(ByteStore.copying(bytes))))
            #expect(matrix.dequantizedRow(0)[40].isNaN)
            #expect(abs(matrix.dequantizedRow(0)[3] - 1) < 1e-3)
        }
    }

    @Test func whatDoesNotFitIsAnError() {
        let numbers = [Float](repeating: 0, count: 512)
        #expect(throws: EncodingError.partialBlock(type: .q8_0, count: 33)) {
            try Quantizer.encode([Float](repeating: 0, count: 33), as: .q8_0)
        }
        #expect(throws: EncodingError.partialBlock(type: .q4_K, count: 64)) {
            try Quantizer.encode([Float](repeating: 0, count: 64), as: .q4_K)
        }
        var bytes = [UInt8](repeating: 0, count: 288)
        #expect(throws: EncodingError.importance(weights: 255, columns: 256)) {
            var span = bytes.mutableSpan
            try Quantizer.encode(
                rows: numbers.span, columns: 256, as: .q4_K, importance: [Float](repeating: 1, count: 255).span,
                into: &span)
        }
        #expect(throws: EncodingError.partialRow(numbers: 500, columns: 256)) {
            var span = bytes.mutableSpan
            try Quantizer.encode(rows: [Float](repeating: 0, count: 500).span, columns: 256, as: .q4_K, into: &span)
        }
        #expect(throws: EncodingError.room(bytes: 288, needed: 288 / 144 * 176)) {
            var span = bytes.mutableSpan
            try Quantizer.encode(rows: numbers.span, columns: 256, as: .q5_K, into: &span)
        }
        #expect(EncodingError.partialBlock(type: .q8_0, count: 33).description.contains("33"))
    }
}
