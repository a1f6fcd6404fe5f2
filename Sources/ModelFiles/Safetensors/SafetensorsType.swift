public import TensorCore

/// Element types of safetensors files, by the names they have there.
public enum SafetensorsType: String, Sendable, CaseIterable {
    /// IEEE 754, 64 bits.
    case f64 = "F64"
    /// IEEE 754, 32 bits.
    case f32 = "F32"
    /// IEEE 754, 16 bits.
    case f16 = "F16"
    /// The upper half of an F32.
    case bf16 = "BF16"
    /// 8-bit floats: 5 exponent, 2 mantissa bits.
    case f8_E5M2 = "F8_E5M2"
    /// 8-bit floats: 4 exponent, 3 mantissa bits.
    case f8_E4M3 = "F8_E4M3"
    /// 8-bit floats: 8 exponent bits only.
    case f8_E8M0 = "F8_E8M0"
    /// 8-bit floats without negative zero.
    case f8_E4M3FNUZ = "F8_E4M3FNUZ"
    /// 8-bit floats without negative zero.
    case f8_E5M2FNUZ = "F8_E5M2FNUZ"
    /// 6-bit floats: 2 exponent, 3 mantissa bits.
    case f6_E2M3 = "F6_E2M3"
    /// 6-bit floats: 3 exponent, 2 mantissa bits.
    case f6_E3M2 = "F6_E3M2"
    /// 4-bit floats.
    case f4 = "F4"
    /// Complex numbers of two F32.
    case c64 = "C64"
    /// Signed, 64 bits.
    case i64 = "I64"
    /// Signed, 32 bits.
    case i32 = "I32"
    /// Signed, 16 bits.
    case i16 = "I16"
    /// Signed, 8 bits.
    case i8 = "I8"
    /// Unsigned, 64 bits.
    case u64 = "U64"
    /// Unsigned, 32 bits.
    case u32 = "U32"
    /// Unsigned, 16 bits.
    case u16 = "U16"
    /// Unsigned, 8 bits.
    case u8 = "U8"
    /// A byte that is 0 or 1.
    case bool = "BOOL"

    /// Bits per element.
    public var bits: Int {
        switch self {
        case .f64, .i64, .u64, .c64: 64
        case .f32, .i32, .u32: 32
        case .f16, .bf16, .i16, .u16: 16
        case .f6_E2M3, .f6_E3M2: 6
        case .f4: 4
        default: 8
        }
    }

    /// The type of weights this is; nil for types no model is computed with here.
    public var tensorType: TensorType? {
        switch self {
        case .f32: .f32
        case .f16: .f16
        case .bf16: .bf16
        default: nil
        }
    }

    /// The element type that holds `type`; nil for the quantized types, which safetensors has not.
    public init?(_ type: TensorType) {
        switch type {
        case .f32: self = .f32
        case .f16: self = .f16
        case .bf16: self = .bf16
        default: return nil
        }
    }
}
