import TensorCore

/// Random weights in any storage type: every bit pattern valid, values about as large as a trained model's.
struct RandomBlocks {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// SplitMix64 (Steele, Lea and Flood, 2014).
    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    /// Fills the bytes `range`, whole blocks of `type`.
    mutating func fill(_ bytes: inout MutableRawSpan, _ range: Range<Int>, type: TensorType) {
        switch type {
        case .f32: fillFloats(&bytes, range)
        case .f16, .bf16: fillHalves(&bytes, range, type)
        default:
            fillBits(&bytes, range)
            setScales(&bytes, range, type)
        }
    }

    /// Fills with numbers around `center`, as norm weights (1) and biases (0) are.
    mutating func fillVector(_ bytes: inout MutableRawSpan, _ range: Range<Int>, center: Float) {
        for offset in stride(from: range.lowerBound, to: range.upperBound - 3, by: 4) {
            bytes.storeBytes(of: center + 0.02 * uniform(), toByteOffset: offset, as: Float.self)
        }
    }

    /// Between -1 and 1.
    private mutating func uniform() -> Float { Float(Int32(truncatingIfNeeded: next() >> 32)) * 0x1p-31 }

    private mutating func fillBits(_ bytes: inout MutableRawSpan, _ range: Range<Int>) {
        var offset = range.lowerBound
        while offset + 8 <= range.upperBound {
            bytes.storeBytes(of: next(), toByteOffset: offset, as: UInt64.self)
            offset += 8
        }
        while offset < range.upperBound {
            bytes.storeBytes(of: UInt8(truncatingIfNeeded: next()), toByteOffset: offset, as: UInt8.self)
            offset += 1
        }
    }

    private mutating func fillFloats(_ bytes: inout MutableRawSpan, _ range: Range<Int>) {
        for offset in stride(from: range.lowerBound, to: range.upperBound - 3, by: 4) {
            bytes.storeBytes(of: 0.035 * uniform(), toByteOffset: offset, as: Float.self)
        }
    }

    /// Random mantissa and sign under a fixed exponent: magnitudes from 1/64 to 1/32.
    private mutating func fillHalves(
        _ bytes: inout MutableRawSpan, _ range: Range<Int>, _ type: TensorType
    ) {
        let (keep, exponent): (UInt16, UInt16) = type == .f16 ? (0x83FF, 9 << 10) : (0x807F, 121 << 7)
        for offset in stride(from: range.lowerBound, to: range.upperBound - 1, by: 2) {
            let bits = UInt16(truncatingIfNeeded: next()) & keep | exponent
            bytes.storeBytes(of: bits, toByteOffset: offset, as: UInt16.self)
        }
    }

    private func setScales(_ bytes: inout MutableRawSpan, _ range: Range<Int>, _ type: TensorType) {
        let scales = Self.scales(of: type)
        for block in stride(from: range.lowerBound, to: range.upperBound, by: type.blockBytes) {
            for scale in scales {
                bytes.storeBytes(of: scale.bits, toByteOffset: block + scale.offset, as: UInt16.self)
            }
        }
    }

    /// Where a block has its half-precision scales and offsets, and values that make weights spread by about 0.02
    /// around 0. Layouts: ggml's block structures.
    private static func scales(of type: TensorType) -> [(offset: Int, bits: UInt16)] {
        switch type {
        case .f32, .f16, .bf16: []
        case .q4_0: [(0, half(0.0043))]
        case .q4_1: [(0, half(0.0043)), (2, half(-0.032))]
        case .q5_0: [(0, half(0.0022))]
        case .q5_1: [(0, half(0.0022)), (2, half(-0.034))]
        case .q8_0: [(0, half(0.00027))]
        case .q2_K: [(80, half(0.0017)), (82, half(0.0026))]
        case .q3_K: [(108, half(0.00047))]
        case .q4_K: [(0, half(0.00012)), (2, half(0.0009))]
        case .q5_K: [(0, half(0.00006)), (2, half(0.00093))]
        case .q6_K: [(208, half(0.000015))]
        case .iq4_NL: [(0, half(0.0003))]
        case .iq4_XS: [(0, half(0.000016))]
        }
    }

    /// A small number as an IEEE half, rounded to nearest, subnormal where it has to be.
    private static func half(_ value: Float) -> UInt16 {
        let magnitude = value.magnitude
        let sign: UInt16 = value < 0 ? 0x8000 : 0
        guard magnitude >= 0x1p-14 else { return sign | UInt16((magnitude * 0x1p24).rounded()) }
        let exponent = Int(magnitude.exponent)
        let mantissa = Int((magnitude.significand * 1024).rounded()) - 1024
        return sign | UInt16((exponent + 15) << 10 + mantissa)
    }
}
