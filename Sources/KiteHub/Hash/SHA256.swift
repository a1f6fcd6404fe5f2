/// SHA-256 (FIPS 180-4), piece by piece.
struct SHA256 {
    private var state: InlineArray<8, UInt32> = [
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ]
    private var pending: [UInt8] = []
    private var count: UInt64 = 0

    /// Takes the next bytes.
    mutating func update(_ bytes: RawSpan) {
        count &+= UInt64(bytes.byteCount)
        var start = 0
        if !pending.isEmpty {
            start = min(64 - pending.count, bytes.byteCount)
            append(bytes.extracting(0..<start))
            guard pending.count == 64 else { return }
            compressPending()
        }
        let whole = (bytes.byteCount - start) / 64 * 64
        if whole > 0 { compress(bytes.extracting(start..<(start + whole))) }
        append(bytes.extracting((start + whole)..<bytes.byteCount))
    }

    /// The hash of everything, as lower-case hexadecimal digits.
    consuming func finish() -> String {
        let bits = count &* 8
        pending.append(0x80)
        while pending.count % 64 != 56 { pending.append(0) }
        for shift in stride(from: 56, through: 0, by: -8) {
            pending.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
        }
        compressPending()
        var text = ""
        for index in 0..<8 { text += Hexadecimal.text(state[index]) }
        return text
    }

    private mutating func append(_ bytes: RawSpan) {
        for index in 0..<bytes.byteCount { pending.append(bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)) }
    }

    private mutating func compressPending() {
        var blocks: [UInt8] = []
        swap(&blocks, &pending)
        compress(blocks.span.bytes)
        blocks.removeAll(keepingCapacity: true)
        swap(&blocks, &pending)
    }

    /// Folds whole blocks of 64 bytes into the state.
    private mutating func compress(_ bytes: RawSpan) {
        var (s0, s1, s2, s3) = (state[0], state[1], state[2], state[3])
        var (s4, s5, s6, s7) = (state[4], state[5], state[6], state[7])
        var w: InlineArray<16, UInt32> = .init(repeating: 0)
        let constants = Self.constants.span
        for block in stride(from: 0, to: bytes.byteCount, by: 64) {
            for index in 0..<16 {
                // In bounds: `block` and `index` count whole blocks of what the caller gave.
                w[index] = UInt32(
                    bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: block + 4 * index, as: UInt32.self))
            }
            var (a, b, c, d, e, f, g, h) = (s0, s1, s2, s3, s4, s5, s6, s7)
            for round in 0..<64 {
                if round >= 16 {
                    let early = w[(round + 1) & 15]
                    let late = w[(round + 14) & 15]
                    let small = rotate(early, 7) ^ rotate(early, 18) ^ (early >> 3)
                    let large = rotate(late, 17) ^ rotate(late, 19) ^ (late >> 10)
                    w[round & 15] = w[round & 15] &+ small &+ w[(round + 9) & 15] &+ large
                }
                let choice = (e & f) ^ (~e & g)
                let majority = (a & b) ^ (a & c) ^ (b & c)
                let mixed = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
                let first = h &+ mixed &+ choice &+ constants[unchecked: round] &+ w[round & 15]
                let second = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) &+ majority
                (h, g, f, e, d, c, b, a) = (g, f, e, d &+ first, c, b, a, first &+ second)
            }
            (s0, s1, s2, s3) = (s0 &+ a, s1 &+ b, s2 &+ c, s3 &+ d)
            (s4, s5, s6, s7) = (s4 &+ e, s5 &+ f, s6 &+ g, s7 &+ h)
        }
        state = [s0, s1, s2, s3, s4, s5, s6, s7]
    }

    @inline(__always)
    private func rotate(_ value: UInt32, _ count: UInt32) -> UInt32 { value >> count | value << (32 - count) }

    /// Fractions of the cube roots of the first 64 primes.
    private static let constants: [UInt32] = [
        0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
        0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
        0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
        0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
        0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
        0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
        0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
        0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
    ]
}

/// Numbers as hexadecimal digits.
enum Hexadecimal {
    /// Eight lower-case digits.
    static func text(_ value: UInt32) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 8 - digits.utf8.count) + digits
    }
}
