import TensorCore
import Testing

/// Random blocks of every type, with scales that make numbers of ordinary size.
struct RandomWeights {
    var random: RandomFloats

    init(seed: UInt64) { random = RandomFloats(seed: seed) }

    mutating func matrix(_ type: TensorType, rows: Int, columns: Int) throws -> Matrix {
        let count = try #require(type.byteCount(of: rows * columns))
        var bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
        switch type {
        case .f32, .f16, .bf16:
            bytes = []
            for _ in 0..<rows { bytes += try Quantizer.encode(random.numbers(columns), as: type) }
        default:
            for block in stride(from: 0, to: count, by: type.blockBytes) {
                for (place, isMinimum) in Self.scales(of: type) {
                    // 2^-8 to 2^-6, either sign for scales.
                    let sign: UInt16 = !isMinimum && Bool.random(using: &random) ? 0x8000 : 0
                    let half = UInt16.random(in: 0x1C00...0x2400, using: &random) | sign
                    bytes[block + place] = UInt8(half & 255)
                    bytes[block + place + 1] = UInt8(half >> 8)
                }
            }
        }
        return try #require(
            Matrix(type: type, rows: rows, columns: columns, data: ByteRegion(ByteStore.copying(bytes))))
    }

    /// Where blocks keep their f16 scales and minima.
    static func scales(of type: TensorType) -> [(place: Int, isMinimum: Bool)] {
        switch type {
        case .f32, .f16, .bf16: []
        case .q4_0, .q5_0, .q8_0, .iq4_NL, .iq4_XS: [(0, false)]
        case .q4_1, .q5_1, .q4_K, .q5_K: [(0, false), (2, true)]
        case .q2_K: [(80, false), (82, true)]
        case .q3_K: [(108, false)]
        case .q6_K: [(208, false)]
        }
    }
}

extension [Float] {
    /// Bits, all NaN alike: their sign and payload depend on the order of operands.
    var comparable: [UInt32] { map { $0.isNaN ? 0x7fc0_0000 : $0.bitPattern } }
}
