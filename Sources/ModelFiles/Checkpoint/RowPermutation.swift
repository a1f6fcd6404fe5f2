/// The order in which Llama GGUF files keep the rows of q and k: in each head the two halves, which rotate together,
/// are interleaved.
package struct RowPermutation: Sendable {
    package let headDimension: Int
    /// Whether rows go the other way, back to the order of the checkpoint.
    package var isInverse: Bool

    package init(headDimension: Int, isInverse: Bool = false) {
        self.headDimension = headDimension
        self.isInverse = isInverse
    }

    /// The row of the checkpoint that becomes row `index`; of an inverse, the row of the file.
    package func source(of index: Int) -> Int {
        let (head, within) = index.quotientAndRemainder(dividingBy: headDimension)
        let half = headDimension / 2
        guard !isInverse else { return head * headDimension + within % half * 2 + within / half }
        return head * headDimension + within / 2 + within % 2 * (headDimension / 2)
    }
}
