internal import CKernels

/// An instruction set the kernels are compiled for. Every level computes the same bits.
public enum CPULevel: Sendable, Hashable, CaseIterable {
    case scalar
    case avx2, avxVNNI, avx512, avx512BF16
    case neon, neonDotProduct, neonI8MM

    /// The highest level this CPU supports.
    public static var detected: CPULevel { CPULevel(kite_cpu_detected()) }

    /// The level in use: the detected one, unless the environment variable `KITE_CPU` names a lower one.
    public static var current: CPULevel { CPULevel(kite_cpu_current()) }

    /// Uses `level` from now on; false when this CPU lacks it, and nothing changes. Not while kernels run.
    @discardableResult
    package static func force(_ level: CPULevel) -> Bool { kite_cpu_force(level.kernelLevel) == 0 }

    /// The name that `KITE_CPU` takes: `avx2`, `avx512bf16`, `dotprod`.
    public var name: String { kite_cpu_name(kernelLevel).map { String(cString: $0) } ?? "scalar" }

    private init(_ level: kite_cpu_level) {
        self = Self.allCases.first { $0.kernelLevel == level } ?? .scalar
    }

    private var kernelLevel: kite_cpu_level {
        switch self {
        case .scalar: KITE_CPU_SCALAR
        case .avx2: KITE_CPU_AVX2
        case .avxVNNI: KITE_CPU_AVXVNNI
        case .avx512: KITE_CPU_AVX512
        case .avx512BF16: KITE_CPU_AVX512BF16
        case .neon: KITE_CPU_NEON
        case .neonDotProduct: KITE_CPU_NEON_DOTPROD
        case .neonI8MM: KITE_CPU_NEON_I8MM
        }
    }
}
