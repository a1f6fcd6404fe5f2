/// PCG XSH RR 64/32 (https://www.pcg-random.org): a small generator whose numbers are the same everywhere, unlike the
/// system's, so that a seed names an answer.
struct PCG32: RandomNumberGenerator, Sendable {
    private var state: UInt64
    private let increment: UInt64

    init(seed: UInt64, stream: UInt64 = 54) {
        increment = stream << 1 | 1
        state = 0
        _ = nextWord()
        state &+= seed
        _ = nextWord()
    }

    mutating func nextWord() -> UInt32 {
        let old = state
        state = old &* 6_364_136_223_846_793_005 &+ increment
        let shifted = UInt32(truncatingIfNeeded: (old >> 18 ^ old) >> 27)
        let rotation = UInt32(truncatingIfNeeded: old >> 59)
        return shifted >> rotation | shifted << ((0 &- rotation) & 31)
    }

    mutating func next() -> UInt64 {
        let high = UInt64(nextWord())
        return high << 32 | UInt64(nextWord())
    }

    /// At least 0 and below 1, with 53 random bits.
    mutating func nextUnit() -> Double { Double(next() >> 11) * 0x1p-53 }
}
