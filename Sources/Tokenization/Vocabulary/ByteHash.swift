/// A seeded hash of a run of bytes, so that nobody can prepare a vocabulary whose texts all collide.
struct ByteHash: Sendable {
    private let seed: UInt64

    init() {
        seed = UInt64.random(in: .min ... .max)
    }

    @inline(__always)
    private static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }

    /// The hash of `count` bytes of `bytes` from `start`.
    @inline(__always)
    func callAsFunction(_ bytes: RawSpan, _ start: Int, _ count: Int) -> UInt64 {
        var state = seed ^ UInt64(truncatingIfNeeded: count) &* 0x9E37_79B9_7F4A_7C15
        var offset = start
        var left = count
        while left >= 8 {
            let word = bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
            state = Self.mix(state ^ word, 0xA076_1D64_78BD_642F)
            offset += 8
            left -= 8
        }
        var tail: UInt64 = 0
        var shift: UInt64 = 0
        while left > 0 {
            tail |= UInt64(bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)) << shift
            offset += 1
            shift += 8
            left -= 1
        }
        return Self.mix(state ^ tail, seed | 0xE703_7ED1_A0B4_28DB)
    }
}
