internal import CKernels

/// The inner loop of SHA-256, in the CPU's own instructions where it has them.
package enum SHA256Blocks {
    /// Folds the whole blocks of 64 bytes at the beginning of `bytes` into the state; bytes of a last part are left out.
    /// - Parameter isScalar: Whether to do without the CPU's instructions, as the oracle of tests.
    package static func fold(
        _ bytes: RawSpan, into state: inout InlineArray<8, UInt32>, isScalar: Bool = false
    ) {
        bytes.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            var span = state.mutableSpan
            span.withUnsafeMutableBufferPointer { state in
                let fold = isScalar ? kite_sha256_scalar : kite_sha256
                fold(state.baseAddress, start.assumingMemoryBound(to: UInt8.self), bytes.count / 64)
            }
        }
    }
}
