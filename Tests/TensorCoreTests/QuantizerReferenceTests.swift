import TensorCore
import TestSupport
import Testing

/// Blocks beside those of llama.cpp's quantizers, at every CPU level.
@Suite struct QuantizerReferenceTests {
    static let quantized = TensorType.allCases.filter(\.isQuantized)
    static let columns = 256

    /// Random, constant, tiny, huge, subnormal and sparse rows.
    @Test(arguments: quantized)
    func blocksAreThoseOfTheReference(type: TensorType) throws {
        let rows = try Golden.floats("quantize/rows.f32.bin")
        let expected = try Golden.bytes("quantize/\(type.name).bin")
        for (level, bytes) in try Levels.each({ try Self.encode(rows, as: type) }) {
            #expect(Self.differences(bytes, expected, type) == [], "\(level)")
        }
    }

    @Test(arguments: quantized.filter { $0 != .q8_0 })
    func blocksWithImportanceAreThoseOfTheReference(type: TensorType) throws {
        let rows = try Golden.floats("quantize/rows.f32.bin")
        let importance = try Golden.floats("quantize/importance.f32.bin")
        let expected = try Golden.bytes("quantize/\(type.name).importance.bin")
        for (level, bytes) in try Levels.each({ try Self.encode(rows, as: type, importance: importance) }) {
            #expect(Self.differences(bytes, expected, type) == [], "\(level)")
        }
    }

    @Test func eightBitsTakeNoNoticeOfImportance() throws {
        let rows = try Golden.floats("quantize/rows.f32.bin")
        let importance = try Golden.floats("quantize/importance.f32.bin")
        for type in [TensorType.f32, .f16, .bf16, .q8_0] {
            #expect(try Self.encode(rows, as: type, importance: importance) == Self.encode(rows, as: type))
        }
    }

    /// Blocks that differ.
    static func differences(_ bytes: [UInt8], _ expected: [UInt8], _ type: TensorType) -> [Int] {
        guard bytes.count == expected.count else { return [-1] }
        return (0..<bytes.count / type.blockBytes).filter { block in
            let range = block * type.blockBytes..<(block + 1) * type.blockBytes
            return bytes[range] != expected[range]
        }
    }

    static func encode(
        _ rows: [Float], as type: TensorType, columns: Int = columns, importance: [Float]? = nil
    ) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0x55, count: try #require(type.byteCount(of: rows.count)))
        var span = bytes.mutableSpan
        if let importance {
            try Quantizer.encode(
                rows: rows.span, columns: columns, as: type, importance: importance.span, into: &span)
        } else {
            try Quantizer.encode(rows: rows.span, columns: columns, as: type, into: &span)
        }
        return bytes
    }
}
