/// What adapters add to the result of a matrix in one pass: to some columns one sum of low-rank products, to others
/// another or none.
package struct LowRankAddition: Sendable {
    /// scale · B·(A·x).
    package struct Term: Sendable {
        package let factors: LowRankFactors
        package let scale: Float

        package init(_ factors: LowRankFactors, scale: Float) {
            self.factors = factors
            self.scale = scale
        }
    }

    /// Consecutive columns that the same is added to.
    package struct Run: Sendable {
        /// Columns of the pass.
        package let columns: Range<Int>
        /// What is added, in this order.
        package let terms: [Term]

        package init(columns: Range<Int>, terms: [Term]) {
            self.columns = columns
            self.terms = terms
        }
    }

    /// In rising order of columns.
    package let runs: [Run]

    /// nil when nothing is added to any column.
    package init?(_ runs: [Run]) {
        self.runs = runs.filter { !$0.terms.isEmpty && !$0.columns.isEmpty }
        if self.runs.isEmpty { return nil }
    }
}

/// What is left of a term once A has met its columns: B times `rank` numbers for each of them, to be added.
struct LowRankSum: Sendable {
    let factors: LowRankFactors
    /// Columns of the product that it is added to.
    let columns: Range<Int>
    /// scale · A·x: column c of `columns` at `offset + c * rank`, the first being 0.
    let coefficients: FloatBuffer
    let offset: Int
}
