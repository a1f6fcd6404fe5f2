/// A reading position in the bytes of a header. Every read is checked against the end of the bytes.
struct GGUFCursor {
    let file: String
    /// Next byte to read.
    var position = 0

    init(file: String) {
        self.file = file
    }

    func remaining(_ bytes: RawSpan) -> Int { bytes.byteCount - position }

    func fail(_ problem: GGUFError.Problem) -> GGUFError { GGUFError(file: file, problem) }

    private func check(_ count: Int, _ bytes: RawSpan, _ what: @autoclosure () -> String) throws(GGUFError) {
        guard count <= bytes.byteCount - position else {
            throw fail(.endOfFile(offset: bytes.byteCount, reading: what()))
        }
    }

    mutating func uint8(_ bytes: RawSpan, _ what: @autoclosure () -> String) throws(GGUFError) -> UInt8 {
        try check(1, bytes, what())
        defer { position += 1 }
        return bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt8.self)
    }

    mutating func uint16(_ bytes: RawSpan, _ what: @autoclosure () -> String) throws(GGUFError) -> UInt16 {
        try check(2, bytes, what())
        defer { position += 2 }
        return UInt16(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt16.self))
    }

    mutating func uint32(_ bytes: RawSpan, _ what: @autoclosure () -> String) throws(GGUFError) -> UInt32 {
        try check(4, bytes, what())
        defer { position += 4 }
        return UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt32.self))
    }

    mutating func uint64(_ bytes: RawSpan, _ what: @autoclosure () -> String) throws(GGUFError) -> UInt64 {
        try check(8, bytes, what())
        defer { position += 8 }
        return UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self))
    }

    /// The next `count` bytes as text. The caller has checked that they are there.
    mutating func text(_ bytes: RawSpan, count: Int, _ what: @autoclosure () -> String) throws(GGUFError) -> String {
        let slice = bytes.extracting(position..<position + count)
        guard let text = slice.validatedText else { throw fail(.invalidUTF8(what())) }
        position += count
        return text
    }
}

extension RawSpan {
    /// The bytes as text; nil when they are not valid UTF-8.
    package var validatedText: String? {
        withUnsafeBytes { String(validating: $0, as: UTF8.self) }
    }

    /// A copy of the bytes.
    package var array: [UInt8] {
        withUnsafeBytes { [UInt8]($0) }
    }
}
