public import TensorCore

/// What the matrices of a converted model are stored as. Vectors and norms stay F32.
public enum ConversionType: String, Sendable, CaseIterable {
    /// 32-bit floats: twice the size of most checkpoints, exact.
    case f32
    /// 16-bit floats: exact for F16 checkpoints; 11 bits of precision.
    case f16
    /// The upper halves of 32-bit floats: exact for BF16 checkpoints.
    case bf16
    /// 8-bit integers, one scale per 32: half the size of 16-bit floats, hardly any loss.
    case q8_0

    /// The type called `name`, upper or lower case.
    /// - Throws: ``ConversionError/unknownType(_:)``.
    public init(name: String) throws(ConversionError) {
        guard let type = Self(rawValue: name.lowercased()) else { throw .unknownType(name) }
        self = type
    }

    /// The type that keeps every bit of `type`; f16 for a quantized one.
    init(keeping type: TensorType) {
        switch type {
        case .f32: self = .f32
        case .bf16: self = .bf16
        default: self = .f16
        }
    }

    /// The type of the tensors.
    public var tensorType: TensorType {
        switch self {
        case .f32: .f32
        case .f16: .f16
        case .bf16: .bf16
        case .q8_0: .q8_0
        }
    }

    /// What PyTorch calls it.
    var torchName: String {
        switch self {
        case .f32: "float32"
        case .bf16: "bfloat16"
        case .f16, .q8_0: "float16"
        }
    }

    /// What `general.file_type` says.
    var fileType: UInt32 {
        switch self {
        case .f32: 0
        case .f16: 1
        case .q8_0: 7
        case .bf16: 32
        }
    }

    /// The type of a matrix with `columns` columns: F16 where blocks of 32 do not divide a row.
    func tensorType(columns: Int) -> TensorType {
        columns % tensorType.blockSize == 0 ? tensorType : .f16
    }
}
