/// The rows of the logits that may be chosen, a bit each.
package struct TokenMask: Sendable, Equatable {
    package private(set) var words: [UInt64]

    /// No row of `count`.
    package init(count: Int) { words = [UInt64](repeating: 0, count: (count + 63) / 64) }

    @inline(__always)
    package mutating func insert(_ token: Int32) { words[Int(token) >> 6] |= 1 << UInt64(token & 63) }

    package func contains(_ token: Int32) -> Bool {
        token >= 0 && Int(token) >> 6 < words.count && words[Int(token) >> 6] >> UInt64(token & 63) & 1 == 1
    }

    package var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    /// Makes minus infinity of all other rows.
    package func apply(to logits: inout MutableSpan<Float>) {
        logits.withUnsafeMutableBufferPointer { rows in
            for word in 0..<((rows.count + 63) / 64) {
                let bits = word < words.count ? words[word] : 0
                if bits == .max { continue }
                let range = (word * 64)..<min(word * 64 + 64, rows.count)
                if bits == 0 {
                    for row in range { rows[row] = -.infinity }
                } else {
                    for row in range where bits >> UInt64(row & 63) & 1 == 0 { rows[row] = -.infinity }
                }
            }
        }
    }
}
