/// Byte strings kept end to end: the texts, or the decoded bytes, of all tokens by number.
struct TokenTexts: Sendable {
    /// All strings without a gap.
    private(set) var blob: [UInt8] = []
    /// Where each string starts; one more entry than strings.
    private(set) var starts: [UInt32] = [0]

    /// Number of strings.
    var count: Int { starts.count - 1 }

    mutating func reserve(strings: Int, bytes: Int) {
        starts.reserveCapacity(strings + 1)
        blob.reserveCapacity(bytes)
    }

    /// Where string `index` lies in ``blob``.
    @inline(__always)
    func range(_ index: Int) -> Range<Int> {
        Int(starts[index])..<Int(starts[index + 1])
    }

    /// A copy of string `index`.
    subscript(index: Int) -> [UInt8] {
        Array(blob[range(index)])
    }

    /// String `index` as text, with faults replaced.
    func string(_ index: Int) -> String {
        String(decoding: blob[range(index)], as: UTF8.self)
    }

    /// Appends a byte to the string being built; ``finish()`` ends it.
    @inline(__always)
    mutating func push(_ byte: UInt8) {
        blob.append(byte)
    }

    /// Appends bytes to the string being built.
    mutating func push(_ bytes: some Sequence<UInt8>) {
        blob.append(contentsOf: bytes)
    }

    /// Ends the string being built.
    mutating func finish() {
        starts.append(UInt32(truncatingIfNeeded: blob.count))
    }
}

/// Finds the number of a string among ``TokenTexts`` by its bytes: open addressing, half empty, hash bits in the slot.
struct TextIndex: Sendable {
    private let hash = ByteHash()
    private var slots: [UInt64]
    private let mask: Int

    private static let empty = UInt64.max

    init(capacity: Int) {
        var size = 16
        while size < capacity &* 2 { size <<= 1 }
        slots = [UInt64](repeating: Self.empty, count: size)
        mask = size - 1
    }

    /// Adds string `index`; returns the number already there when its text is taken.
    mutating func insert(_ index: Int, of texts: TokenTexts) -> Int? {
        let range = texts.range(index)
        let value = texts.blob.span.bytes
        let code = hash(value, range.lowerBound, range.count)
        var slot = Int(truncatingIfNeeded: code) & mask
        while slots[slot] != Self.empty {
            let other = slots[slot]
            if other >> 32 == code >> 32 {
                let known = Int(other & 0xFFFF_FFFF)
                if equal(texts, known, value, range.lowerBound, range.count) { return known }
            }
            slot = (slot + 1) & mask
        }
        slots[slot] = (code >> 32) << 32 | UInt64(index)
        return nil
    }

    /// The number of the string that equals `count` bytes of `bytes` from `start`.
    func find(_ bytes: RawSpan, _ start: Int, _ count: Int, in texts: TokenTexts) -> Int? {
        let code = hash(bytes, start, count)
        var slot = Int(truncatingIfNeeded: code) & mask
        while slots[slot] != Self.empty {
            let other = slots[slot]
            if other >> 32 == code >> 32 {
                let known = Int(other & 0xFFFF_FFFF)
                if equal(texts, known, bytes, start, count) { return known }
            }
            slot = (slot + 1) & mask
        }
        return nil
    }

    func find(_ bytes: [UInt8], in texts: TokenTexts) -> Int? {
        find(bytes.span.bytes, 0, bytes.count, in: texts)
    }

    private func equal(_ texts: TokenTexts, _ known: Int, _ bytes: RawSpan, _ start: Int, _ count: Int) -> Bool {
        let range = texts.range(known)
        guard range.count == count else { return false }
        let own = texts.blob.span.bytes
        var offset = 0
        while offset < count {
            guard
                own.unsafeLoad(fromByteOffset: range.lowerBound + offset, as: UInt8.self)
                    == bytes.unsafeLoad(fromByteOffset: start + offset, as: UInt8.self)
            else { return false }
            offset += 1
        }
        return true
    }
}
