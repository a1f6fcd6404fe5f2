internal import CKernels

/// The second halves of the low-rank products of a region, in one array that its threads read without counting
/// references.
struct LowRankJobs {
    /// A second half, and the columns of the product that it is for.
    struct Job {
        let product: kite_low_rank
        let firstColumn: Int
    }

    private var jobs: [Job] = []

    /// Takes what is added to a result of `rows` by `columns`. The sums must live until the region ends.
    /// - Returns: Its place among all.
    mutating func append(_ sums: [LowRankSum], rows: Int, columns: Int) -> Range<Int> {
        let first = jobs.count
        for sum in sums {
            let rank = sum.factors.rank
            precondition(
                sum.factors.rows == rows && sum.columns.upperBound <= columns
                    && sum.offset + sum.columns.count * rank <= sum.coefficients.count,
                "an adapter for another shape")
            var product = kite_low_rank()
            product.type = sum.factors.secondType.kernelType
            product.weights = UnsafeRawPointer(sum.factors.second.pointer)
            product.rank = rank
            product.x = UnsafePointer(sum.coefficients.pointer + sum.offset)
            product.x_stride = rank
            product.columns = sum.columns.count
            jobs.append(Job(product: product, firstColumn: sum.columns.lowerBound))
        }
        return first..<jobs.count
    }

    /// All that were appended, for the threads of a region.
    struct All {
        fileprivate let jobs: UnsafeBufferPointer<Job>

        /// Adds those of `places` to rows `range` of a result whose column c starts at `output + c * stride`.
        @inline(__always)
        func add(_ places: Range<Int>, to output: UnsafeMutablePointer<Float>, stride: Int, _ range: Range<Int>) {
            for place in places {
                withUnsafePointer(to: jobs[place].product) {
                    kite_low_rank_add(
                        $0, range.lowerBound, range.upperBound, output + jobs[place].firstColumn * stride, stride)
                }
            }
        }
    }

    func withAll(_ body: (All) -> Void) {
        jobs.withUnsafeBufferPointer { body(All(jobs: $0)) }
    }
}
