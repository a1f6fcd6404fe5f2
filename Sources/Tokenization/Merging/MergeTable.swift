/// Which pairs of symbols merge, in what order, and into what: one open-addressing table, a pair and its answer side by
/// side.
///
/// A symbol is a token number, or, for a character that is no token, minus the character's code point minus one.
struct MergeTable: Sendable {
    /// The answer for a pair that does not merge; greater than any other.
    static let none = UInt64.max

    private var slots: [UInt64]
    private var shift: UInt64
    private(set) var count = 0

    init(capacity: Int) {
        var bits: UInt64 = 4
        while 1 << bits < capacity &* 2 { bits += 1 }
        shift = 64 - bits
        slots = [UInt64](repeating: Self.none, count: 2 << bits)
    }

    @inline(__always)
    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    @inline(__always)
    private func start(_ key: UInt64) -> Int {
        // Multiplied twice, so that both halves of the key reach the top bits.
        let mixed = (key ^ key >> 32 &* 0x9E37_79B9_7F4A_7C15) &* 0xD6E8_FEB8_6659_FD93
        return Int(truncatingIfNeeded: mixed >> shift) << 1
    }

    /// Rank (upper half, smaller first) and result (lower half) of a pair, or ``none``.
    @inline(__always)
    subscript(left: Int32, right: Int32) -> UInt64 {
        let key = Self.key(left, right)
        let last = slots.count - 1
        var slot = start(key)
        while true {
            let other = slots[slot]
            if other == key { return slots[slot + 1] }
            if other == Self.none { return Self.none }
            slot = (slot + 2) & last
        }
    }

    /// Adds a pair; of two entries for one pair the later counts. The table must have been made large enough.
    mutating func insert(_ left: Int32, _ right: Int32, rank: UInt32, result: Int32) {
        let key = Self.key(left, right)
        let last = slots.count - 1
        var slot = start(key)
        while slots[slot] != Self.none && slots[slot] != key { slot = (slot + 2) & last }
        if slots[slot] == Self.none { count += 1 }
        slots[slot] = key
        slots[slot + 1] = UInt64(rank) << 32 | UInt64(UInt32(bitPattern: result))
    }

    /// Rank of an answer.
    @inline(__always)
    static func rank(_ answer: UInt64) -> UInt64 { answer >> 32 }

    /// Result of an answer.
    @inline(__always)
    static func result(_ answer: UInt64) -> Int32 { Int32(truncatingIfNeeded: answer) }
}
