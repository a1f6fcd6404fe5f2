// RotaryTable(base:dimensions:pairing:scaling:divisors:)      RotaryScaling: none, linear, yarn, llama3
// RotaryAngles(capacity:table:) throws; set(positions:), set(row:position:); rotate(_:rows:heads:headSize:stride:pool:)

/// Frequencies of the rotary position embedding (arXiv:2104.09864).
package struct RotaryTable: Sendable {
    /// Which dimensions of a head are rotated together.
    package enum Pairing: Sendable {
        /// (i, i + dimensions / 2): GPT-NeoX, and every Hugging Face checkpoint.
        case halves
        /// (2i, 2i + 1): GGUF files of architecture llama, whose query and key rows are permuted to match.
        case adjacent
    }

    /// Dimensions of a head that are rotated, an even number; the rest passes through.
    package let dimensions: Int
    package let pairing: Pairing
    /// Radians per position, `dimensions / 2` of them, fastest first.
    package let frequencies: [Float]
    /// What cosines and sines are multiplied by (YaRN's correction of the attention's temperature); else 1.
    package let attentionFactor: Float

    /// - Parameters:
    ///   - base: theta, 10000 as a rule.
    ///   - dimensions: dimensions of a head that are rotated; an odd one counts as one less.
    ///   - divisors: per-frequency divisors that replace a computed scaling: GGUF's `rope_freqs.weight`. Ignored
    ///     unless there is one for each frequency.
    package init(
        base: Float, dimensions: Int, pairing: Pairing = .halves, scaling: RotaryScaling = .none,
        divisors: [Float]? = nil
    ) {
        let pairs = max(dimensions, 0) / 2
        self.dimensions = 2 * pairs
        self.pairing = pairing
        let periods = Self.periods(base: base, pairs: pairs)
        if let divisors, divisors.count == pairs {
            frequencies = zip(periods, divisors).map { 1 / $0 / $1 }
            attentionFactor = 1
        } else {
            frequencies = scaling.frequencies(periods: periods, base: base)
            attentionFactor = scaling.attentionFactor
        }
    }
}
