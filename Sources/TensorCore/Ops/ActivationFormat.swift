internal import CKernels

/// How exactly the input of a matrix product is represented.
public enum ActivationPrecision: String, Sendable, Hashable, CaseIterable {
    /// 8 bits for quantized weights (one scale per 32 or 256 numbers), bf16 for BF16 weights, f32 for F16 and F32.
    case int8
    /// f32 for all weights: the weights are decoded and multiplied as floats. Slower; the truth that tests hold on to.
    case float32 = "f32"
}

/// The formats that kite_matmul.h describes, with the reasons for them.
enum ActivationFormat: CaseIterable {
    case float32
    case int8By32
    case int8By256
    case bfloat16

    init(_ format: kite_activations) {
        self = Self.allCases.first { $0.kernelFormat == format } ?? .float32
    }

    var kernelFormat: kite_activations {
        switch self {
        case .float32: KITE_ACTIVATIONS_F32
        case .int8By32: KITE_ACTIVATIONS_Q32
        case .int8By256: KITE_ACTIVATIONS_Q256
        case .bfloat16: KITE_ACTIVATIONS_BF16
        }
    }
}
