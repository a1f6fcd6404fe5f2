internal import ModelFiles

/// The name git gives to a file's contents: SHA-1 (FIPS 180-4) of `blob SIZE`, a zero byte and the contents.
///
/// The Hub names by it what is not in large file storage. It guards against accidents, not against forgery.
struct GitBlobHash {
    private var state: [UInt32] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0]
    private var pending: [UInt8] = []
    private var count: UInt64 = 0

    /// The hash of contents of `size` bytes, none of which has come yet.
    init(size: Int) {
        let head = Array("blob \(size)\0".utf8)
        update(head.span.bytes)
    }

    /// Takes the next bytes.
    mutating func update(_ bytes: RawSpan) {
        count &+= UInt64(bytes.byteCount)
        for index in 0..<bytes.byteCount {
            pending.append(bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self))
            if pending.count == 64 { compress() }
        }
    }

    /// The hash, as lower-case hexadecimal digits.
    consuming func finish() -> String {
        let bits = count &* 8
        pending.append(0x80)
        if pending.count > 56 {
            pending += [UInt8](repeating: 0, count: 64 - pending.count)
            compress()
        }
        pending += [UInt8](repeating: 0, count: 56 - pending.count)
        for shift in stride(from: 56, through: 0, by: -8) {
            pending.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
        }
        compress()
        return state.map(Hexadecimal.text).joined()
    }

    private mutating func compress() {
        var words = [UInt32](repeating: 0, count: 80)
        for index in 0..<64 { words[index / 4] = words[index / 4] << 8 | UInt32(pending[index]) }
        pending.removeAll(keepingCapacity: true)
        for index in 16..<80 {
            words[index] = rotate(words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16], 1)
        }
        var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
        for (round, word) in words.enumerated() {
            let (mixed, constant): (UInt32, UInt32) =
                switch round {
                case 0..<20: ((b & c) | (~b & d), 0x5a82_7999)
                case 20..<40: (b ^ c ^ d, 0x6ed9_eba1)
                case 40..<60: ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc)
                default: (b ^ c ^ d, 0xca62_c1d6)
                }
            (e, d, c, b, a) = (d, c, rotate(b, 30), a, rotate(a, 5) &+ mixed &+ e &+ constant &+ word)
        }
        for (index, value) in [a, b, c, d, e].enumerated() { state[index] &+= value }
    }

    private func rotate(_ value: UInt32, _ count: UInt32) -> UInt32 { value << count | value >> (32 - count) }
}
