/// Remembers how short words were encoded: up to 15 bytes of text, up to four tokens, one place for each hash.
///
/// An entry is four numbers: the text and its length in two, the tokens, -1 where there is none, in two.
struct WordCache: Sendable {
    /// The longest text that has a place here.
    static let longest = 15
    private static let bits: UInt64 = 14
    private var entries: [UInt64]

    init() {
        entries = [UInt64](repeating: 0, count: 4 << Self.bits)
    }

    /// A word's text as a key.
    struct Key {
        var low: UInt64
        var high: UInt64

        /// The `count` bytes (at most 15) of `text` from `start`.
        @inline(__always)
        init(_ text: Span<UInt8>, _ start: Int, _ count: Int) {
            if start &+ 16 <= text.count {
                let bytes = text.bytes
                low = bytes.unsafeLoadUnaligned(fromByteOffset: start, as: UInt64.self)
                high = bytes.unsafeLoadUnaligned(fromByteOffset: start &+ 8, as: UInt64.self)
                if count < 8 {
                    low &= 1 << (UInt64(count) &* 8) &- 1
                    high = 0
                } else {
                    high &= 1 << ((UInt64(count) &- 8) &* 8) &- 1
                }
            } else {
                low = 0
                high = 0
                for offset in 0..<count {
                    let byte = UInt64(text[start + offset])
                    if offset < 8 { low |= byte << UInt64(offset * 8) } else { high |= byte << UInt64(offset * 8 - 64) }
                }
            }
            high |= UInt64(count) << 56
        }

        @inline(__always)
        fileprivate var slot: Int {
            let product = (low ^ 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: high ^ 0xD6E8_FEB8_6659_FD93)
            return Int(truncatingIfNeeded: (product.high ^ product.low) >> (64 - WordCache.bits)) << 2
        }
    }

    /// Appends the tokens of a remembered word; false when it is not remembered.
    @inline(__always)
    func append(_ key: Key, to output: inout [TokenID]) -> Bool {
        let slot = key.slot
        guard entries[slot] == key.low, entries[slot + 1] == key.high else { return false }
        let first = entries[slot + 2]
        output.append(TokenID(truncatingIfNeeded: first))
        let second = TokenID(truncatingIfNeeded: first >> 32)
        if second < 0 { return true }
        output.append(second)
        let rest = entries[slot + 3]
        let third = TokenID(truncatingIfNeeded: rest)
        if third < 0 { return true }
        output.append(third)
        let fourth = TokenID(truncatingIfNeeded: rest >> 32)
        if fourth >= 0 { output.append(fourth) }
        return true
    }

    /// Remembers that the word is encoded as `output` from `start` on, if that fits.
    @inline(__always)
    mutating func store(_ key: Key, _ output: [TokenID], from start: Int) {
        let count = output.count - start
        guard count > 0, count <= 4 else { return }
        func lane(_ index: Int) -> UInt64 {
            index < count ? UInt64(UInt32(bitPattern: output[start + index])) : 0xFFFF_FFFF
        }
        let slot = key.slot
        entries[slot] = key.low
        entries[slot + 1] = key.high
        entries[slot + 2] = lane(0) | lane(1) << 32
        entries[slot + 3] = lane(2) | lane(3) << 32
    }
}

/// What an encoding needs besides the tokenizer: lent out to one call at a time and kept for the next.
struct EncodingScratch: Sendable {
    var cache: WordCache
    var run = SymbolRun()

    init() {
        cache = WordCache()
    }

    /// Gives back what an unusually long word took.
    mutating func shrink() {
        if run.symbols.capacity > 1 << 16 { run = SymbolRun() }
    }
}
