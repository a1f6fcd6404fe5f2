import TensorCore

/// SHA-256 (FIPS 180-4), to say which text and which vocabulary a number was measured with.
struct SHA256 {
    private var state: InlineArray<8, UInt32> = [
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ]
    private var pending: [UInt8] = []
    private var length: UInt64 = 0

    /// The digest of `bytes` as 64 hexadecimal digits.
    static func hex(_ bytes: [UInt8]) -> String {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finish()
    }

    /// Takes the next bytes.
    mutating func update(_ bytes: [UInt8]) {
        length += UInt64(bytes.count)
        // Without a copy where nothing waits.
        let all = pending.isEmpty ? bytes : pending + bytes
        let whole = all.count / 64 * 64
        SHA256Blocks.fold(all.span.bytes.extracting(0..<whole), into: &state)
        pending = Array(all[whole...])
    }

    /// The digest of everything.
    mutating func finish() -> String {
        let bits = length &* 8
        var tail: [UInt8] = [0x80]
        tail += [UInt8](repeating: 0, count: (119 - pending.count) % 64)
        tail += (0..<8).map { UInt8(truncatingIfNeeded: bits >> (56 - 8 * UInt64($0))) }
        update(tail)
        return state.indices.map { index in
            let text = String(state[index], radix: 16)
            return String(repeating: "0", count: 8 - text.count) + text
        }.joined()
    }
}
