internal import CKernels

/// Log-probabilities of a whole vocabulary in 16 bits each, as llama.cpp's files of them hold them: log p = scale · code +
/// lowest, the highest 16 (in natural logarithms) over 65,536 codes.
///
/// A row is scale and lowest as 32-bit floats, in two numbers each, then the codes, padded to an even count.
package enum LogProbabilityCodes {
    /// Numbers in a row.
    package static func rowLength(vocabulary: Int) -> Int { kite_log_probability_row(vocabulary) }

    /// The row of `logits`.
    /// - Parameter logSum: Set to log(sum(exp logits)), in double precision; NaN when a logit is NaN or infinite, and then
    ///   the row means nothing.
    package static func encode(_ logits: Span<Float>, logSum: inout Double) -> [UInt16] {
        guard !logits.isEmpty else {
            logSum = -.infinity
            return [0, 0, 0, 0]
        }
        let length = rowLength(vocabulary: logits.count)
        return [UInt16](unsafeUninitializedCapacity: length) { row, count in
            row.initialize(repeating: 0)
            count = length
            logits.withUnsafeBufferPointer { logits in
                guard let source = logits.baseAddress, let target = row.baseAddress else { return }
                logSum = kite_encode_log_probabilities(source, logits.count, target)
            }
        }
    }

    /// The Kullback-Leibler divergence of the probabilities of `logits` from those of `row`, over the tokens that `row` gives
    /// more than e^-16; summed in double precision.
    /// - Parameters:
    ///   - logSum: log(sum(exp logits)).
    ///   - row: At least ``rowLength(vocabulary:)`` numbers for as many tokens as there are logits.
    package static func divergence(of logits: Span<Float>, logSum: Double, from row: Span<UInt16>) -> Double {
        precondition(row.count >= rowLength(vocabulary: logits.count), "a row of another vocabulary")
        return logits.withUnsafeBufferPointer { logits in
            row.withUnsafeBufferPointer { row in
                guard let source = logits.baseAddress, let row = row.baseAddress else { return 0 }
                return kite_divergence(source, logSum, row, logits.count)
            }
        }
    }

    /// Natural logarithm of the probability of `token` in `row`.
    package static func logProbability(of token: Int, in row: Span<UInt16>) -> Double {
        let (scale, lowest) = header(of: row)
        return Double(scale) * Double(row[4 + token]) + Double(lowest)
    }

    /// The first of the likeliest tokens of `row`.
    package static func likeliest(in row: Span<UInt16>, vocabulary: Int) -> Int {
        row.withUnsafeBufferPointer { row in
            let codes = row[4..<4 + vocabulary]
            let highest = codes.reduce(0) { $0 > $1 ? $0 : $1 }
            return (codes.firstIndex(of: highest) ?? 4) - 4
        }
    }

    /// Whether `row` can be a row of log-probabilities: none is above 0 by more than rounding.
    package static func isSound(_ row: Span<UInt16>) -> Bool {
        let (scale, lowest) = header(of: row)
        return scale >= 0 && scale <= 1 && lowest.isFinite && scale * 65535 + lowest < 0.01
    }

    private static func header(of row: Span<UInt16>) -> (scale: Float, lowest: Float) {
        func float(_ index: Int) -> Float {
            Float(bitPattern: UInt32(row[index]) | UInt32(row[index + 1]) << 16)
        }
        return (float(0), float(2))
    }
}
