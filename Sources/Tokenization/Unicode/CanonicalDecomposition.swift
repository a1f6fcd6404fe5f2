/// Characters taken apart: é as e and an accent.
package enum CanonicalDecomposition {
    /// Appends the full canonical decomposition of a scalar; itself where it has none.
    package static func append(_ scalar: UInt32, to result: inout [UInt32]) {
        CanonicalComposition.shared.decompose(scalar, into: &result)
    }
}
