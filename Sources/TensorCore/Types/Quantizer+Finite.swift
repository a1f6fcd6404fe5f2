internal import CKernels

extension FloatOps {
    /// Index of the first number that is NaN or infinite; nil when all are finite.
    package static func firstNonFinite(_ numbers: Span<Float>) -> Int? {
        let index = numbers.withUnsafeBufferPointer { kite_first_non_finite($0.baseAddress, $0.count) }
        return index < numbers.count ? index : nil
    }
}
