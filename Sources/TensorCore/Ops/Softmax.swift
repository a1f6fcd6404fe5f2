// FloatOps.argmax(_:)            index of the first largest number
// FloatOps.max(_:)
// FloatOps.softmax(_:)           in place
// FloatOps.logSumExp(_:)         log-probability of i = x[i] - logSumExp(x)
// FloatOps.logSoftmax(_:)        in place
internal import CKernels

extension FloatOps {
    /// Index of the first largest number, NaN ignored; 0 when there is none.
    package static func argmax(_ x: Span<Float>) -> Int {
        x.withUnsafeBufferPointer { $0.baseAddress.map { kite_argmax($0, x.count) } ?? 0 }
    }

    /// The largest number, NaN ignored; -infinity when there is none.
    package static func max(_ x: Span<Float>) -> Float {
        x.withUnsafeBufferPointer { $0.baseAddress.map { kite_max($0, x.count) } ?? -.infinity }
    }

    /// x = exp(x - max x) / sum, the sum in double precision.
    package static func softmax(_ x: inout MutableSpan<Float>) {
        let count = x.count
        x.withUnsafeMutableBufferPointer { buffer in
            if let base = buffer.baseAddress, count > 0 { kite_softmax(base, base, count) }
        }
    }

    /// log(sum(exp x)), the sum in double precision; -infinity for no numbers.
    package static func logSumExp(_ x: Span<Float>) -> Double {
        guard !x.isEmpty else { return -.infinity }
        return x.withUnsafeBufferPointer { $0.baseAddress.map { kite_log_sum_exp($0, x.count) } ?? -.infinity }
    }

    /// x = x - logSumExp(x).
    package static func logSoftmax(_ x: inout MutableSpan<Float>) {
        let shift = logSumExp(x.span)
        for index in x.indices { x[index] = Float(Double(x[index]) - shift) }
    }
}
