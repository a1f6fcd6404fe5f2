internal import TensorCore

/// SHA-256 (FIPS 180-4), piece by piece.
package struct SHA256: Sendable {
    private var state: InlineArray<8, UInt32> = [
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ]
    private var pending: [UInt8] = []
    private var count: UInt64 = 0

    package init() {}

    /// The hash of `bytes`.
    package static func hex(_ bytes: [UInt8]) -> String {
        var hash = SHA256()
        hash.update(bytes.span.bytes)
        return hash.finish()
    }

    /// Takes the next bytes.
    package mutating func update(_ bytes: RawSpan) {
        count &+= UInt64(bytes.byteCount)
        var start = 0
        if !pending.isEmpty {
            start = min(64 - pending.count, bytes.byteCount)
            append(bytes.extracting(0..<start))
            guard pending.count == 64 else { return }
            compressPending()
        }
        let whole = (bytes.byteCount - start) / 64 * 64
        SHA256Blocks.fold(bytes.extracting(start..<(start + whole)), into: &state)
        append(bytes.extracting((start + whole)..<bytes.byteCount))
    }

    /// The hash of everything, as lower-case hexadecimal digits.
    package consuming func finish() -> String {
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
        SHA256Blocks.fold(blocks.span.bytes, into: &state)
        blocks.removeAll(keepingCapacity: true)
        swap(&blocks, &pending)
    }
}

/// Numbers as hexadecimal digits.
package enum Hexadecimal {
    /// Eight lower-case digits.
    package static func text(_ value: UInt32) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 8 - digits.utf8.count) + digits
    }
}
