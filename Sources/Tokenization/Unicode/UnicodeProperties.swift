/// What pre-tokenizers and normalization ask about a character, in one byte per character.
///
/// The standard library's properties are not used: their Unicode version changes with the toolchain, and the split of
/// a text into words must be the one the model was trained with.
struct UnicodeProperties: Sendable {
    /// The table; made at first use in about a millisecond.
    static let shared = UnicodeProperties()

    /// The class of a character in the words of regular expressions.
    enum Class {
        static let other: UInt8 = 0
        /// `\p{L}`
        static let letter: UInt8 = 1
        /// `\p{N}`
        static let number: UInt8 = 2
        /// `\s`
        static let space: UInt8 = 3
        /// The bits of the property byte that hold the class.
        static let mask: UInt8 = 3
    }

    /// Set for characters that canonical composition may change, move or merge with the one before.
    static let isRelevantToNFC: UInt8 = 4
    /// Set for `\w`.
    static let isWordCharacter: UInt8 = 8

    private let blockOf: [UInt16]
    private let blocks: [UInt8]

    private init() {
        var numbers = PackedNumbers(UnicodeData.properties)
        var flat: [UInt8] = []
        flat.reserveCapacity(0x110000)
        while !numbers.isAtEnd {
            let length = numbers.next()
            let value = UInt8(truncatingIfNeeded: numbers.next())
            flat.append(contentsOf: repeatElement(value, count: length))
        }
        var blockOf: [UInt16] = []
        var blocks: [UInt8] = []
        var uniform = [UInt8: UInt16]()
        for start in stride(from: 0, to: flat.count, by: 128) {
            let block = flat[start..<min(start + 128, flat.count)]
            let isUniform = block.allSatisfy { $0 == block[start] }
            if isUniform, let known = uniform[block[start]] {
                blockOf.append(known)
                continue
            }
            let number = UInt16(truncatingIfNeeded: blocks.count / 128)
            if isUniform { uniform[block[start]] = number }
            blockOf.append(number)
            blocks.append(contentsOf: block)
        }
        self.blockOf = blockOf
        self.blocks = blocks
    }

    /// The property byte of a character.
    @inline(__always)
    subscript(scalar: UInt32) -> UInt8 {
        blocks[Int(blockOf[Int(scalar >> 7)]) << 7 | Int(scalar & 127)]
    }

    /// The class of a character.
    @inline(__always)
    func kind(_ scalar: UInt32) -> UInt8 {
        self[scalar] & Class.mask
    }
}
