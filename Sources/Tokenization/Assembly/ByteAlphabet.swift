/// The characters that stand for bytes in the files of byte-level vocabularies: printable Latin-1 for itself, the other
/// 68 bytes in order from U+0100 on (as GPT-2 began it).
struct ByteAlphabet: Sendable {
    static let shared = ByteAlphabet()

    private let scalars: [UInt32]
    private let bytes: [Int16]

    private init() {
        var scalars: [UInt32] = []
        var bytes = [Int16](repeating: -1, count: 324)
        var next: UInt32 = 256
        for byte in UInt32(0)..<256 {
            let isPrintable = (33...126).contains(byte) || (161...172).contains(byte) || byte >= 174
            let scalar = isPrintable ? byte : next
            if !isPrintable { next += 1 }
            scalars.append(scalar)
            bytes[Int(scalar)] = Int16(byte)
        }
        self.scalars = scalars
        self.bytes = bytes
    }

    /// How `byte` is written.
    func text(of byte: UInt8) -> [UInt8] {
        var text: [UInt8] = []
        UTF8Scalars.append(scalars[Int(byte)], to: &text)
        return text
    }

    /// Adds the bytes that `text` stands for; its own bytes when it has a character that is no byte's.
    func decode(_ text: Span<UInt8>, _ range: Range<Int>, into decoded: inout TokenTexts) {
        var index = range.lowerBound
        while index < range.upperBound {
            let (scalar, next) = UTF8Scalars.decode(text, index)
            if scalar >= 324 || bytes[Int(scalar)] < 0 {
                for position in range { decoded.push(text[position]) }
                return
            }
            index = next
        }
        index = range.lowerBound
        while index < range.upperBound {
            let (scalar, next) = UTF8Scalars.decode(text, index)
            decoded.push(UInt8(truncatingIfNeeded: bytes[Int(scalar)]))
            index = next
        }
    }
}
