public import TensorCore

/// A pull parser over UTF-8 bytes: the caller asks for the value it expects next, nothing is built that is not asked for.
///
/// Strict (RFC 8259): valid UTF-8, complete surrogate pairs, no comments, no trailing commas, no `NaN`. Errors carry the
/// byte offset and, below ``readObject(rejectingDuplicateKeys:_:)`` and ``readArray(_:)``, the path.
///
///     var reader = JSONReader(bytes)
///     try reader.readObject { key, reader in
///         switch key {
///         case "version": version = try reader.readString()
///         default: try reader.skipValue()
///         }
///     }
///     try reader.finish()
public struct JSONReader: Sendable {
    /// What a value is.
    public enum Kind: String, Sendable {
        /// `null`.
        case null
        /// `true` or `false`.
        case bool = "a boolean"
        /// A whole or fractional number.
        case number = "a number"
        /// A string.
        case string = "a string"
        /// An array.
        case array = "an array"
        /// An object.
        case object = "an object"
    }

    let bytes: [UInt8]
    var position = 0
    var depth = 0
    /// Whether the last token was the opening bracket of a container, so that no comma comes before the next element.
    var justEntered = false
    let maximumDepth: Int

    /// A reader at the start of `bytes`.
    /// - Parameter maximumDepth: How many arrays and objects may be open at once.
    public init(_ bytes: [UInt8], maximumDepth: Int = 128) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
    }

    /// A reader at the start of `region`, whose bytes it copies.
    /// - Parameter maximumDepth: How many arrays and objects may be open at once.
    public init(_ region: ByteRegion, maximumDepth: Int = 128) {
        self.init(region.withBytes { $0.withUnsafeBytes { [UInt8]($0) } }, maximumDepth: maximumDepth)
    }

    /// Bytes from the start of the text to the next unread one.
    public var offset: Int { position }

    /// The kind of the next value, which stays unread.
    /// - Throws: ``JSONError`` when no value starts here.
    public mutating func peekKind() throws(JSONError) -> Kind {
        switch try nextByte(expected: "a value") {
        case 0x22: return .string
        case 0x7B: return .object
        case 0x5B: return .array
        case 0x74, 0x66: return .bool
        case 0x6E: return .null
        case 0x2D, 0x30...0x39: return .number
        case let other: throw unexpected(other)
        }
    }

    /// Reads `null`; leaves anything else alone and returns false.
    public mutating func readNull() throws(JSONError) -> Bool {
        guard try peekKind() == .null else { return false }
        try readLiteral("null")
        return true
    }

    /// Reads `true` or `false`.
    public mutating func readBool() throws(JSONError) -> Bool {
        try expect(.bool)
        let value = bytes[position] == 0x74
        try readLiteral(value ? "true" : "false")
        return value
    }

    /// Reads past the next value, whatever it is, checking that it is well-formed.
    public mutating func skipValue() throws(JSONError) {
        switch try peekKind() {
        case .null: try readLiteral("null")
        case .bool: _ = try readBool()
        case .number: _ = try scanNumber()
        case .string: try skipString()
        case .array:
            try enterArray()
            while try nextElement() { try skipValue() }
        case .object:
            try enterObject()
            while try skipKey() { try skipValue() }
        }
    }

    /// Checks that nothing but white space is left.
    public mutating func finish() throws(JSONError) {
        skipSpace()
        guard position == bytes.count else { throw error(.trailingBytes) }
    }

    // MARK: Tokens

    func error(_ problem: JSONError.Problem) -> JSONError { JSONError(problem, offset: position) }

    private func unexpected(_ byte: UInt8) -> JSONError {
        for name in ["NaN", "Infinity"] where bytes[position...].starts(with: name.utf8) {
            return error(.notANumber(name))
        }
        return error(.unexpectedByte(byte, expected: "a value"))
    }

    @inline(__always)
    mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    /// The next byte that is no white space; it stays unread.
    @inline(__always)
    mutating func nextByte(expected: StaticString) throws(JSONError) -> UInt8 {
        skipSpace()
        guard position < bytes.count else { throw error(.unexpectedEnd) }
        return bytes[position]
    }

    /// Reads `byte`, which must come next.
    @inline(__always)
    mutating func consume(_ byte: UInt8, expected: StaticString) throws(JSONError) {
        let found = try nextByte(expected: expected)
        guard found == byte else { throw error(.unexpectedByte(found, expected: "\(expected)")) }
        position += 1
    }

    /// Checks that a value of `kind` comes next.
    mutating func expect(_ kind: Kind) throws(JSONError) {
        let found = try peekKind()
        guard found == kind else {
            throw error(.typeMismatch(expected: kind.rawValue, found: found.rawValue))
        }
    }

    private mutating func readLiteral(_ text: StaticString) throws(JSONError) {
        let count = text.utf8CodeUnitCount
        guard position + count <= bytes.count else { throw error(.unexpectedEnd) }
        let matches = text.withUTF8Buffer { expected in
            (0..<count).allSatisfy { bytes[position + $0] == expected[$0] }
        }
        guard matches else { throw error(.unexpectedByte(bytes[position], expected: "\(text)")) }
        position += count
    }
}
