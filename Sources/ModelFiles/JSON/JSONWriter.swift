/// Writes JSON text value by value.
///
/// Commas, colons and indentation come by themselves. Calling methods in an order that makes no JSON (a value where a key
/// should be) makes no JSON.
public struct JSONWriter: Sendable {
    /// The text so far, UTF-8.
    public private(set) var bytes: [UInt8] = []
    private let isPretty: Bool
    private var depth = 0
    private var needsComma = false
    private var afterKey = false

    /// A writer of an empty text.
    /// - Parameter pretty: Whether every member gets a line of its own, indented by two spaces a level.
    public init(pretty: Bool = false) { isPretty = pretty }

    /// Opens an object.
    public mutating func beginObject() { open(0x7B) }
    /// Closes the object opened last.
    public mutating func endObject() { close(0x7D) }
    /// Opens an array.
    public mutating func beginArray() { open(0x5B) }
    /// Closes the array opened last.
    public mutating func endArray() { close(0x5D) }

    /// Writes the key of the next value.
    public mutating func key(_ name: String) {
        separate()
        writeQuoted(name)
        bytes.append(0x3A)
        if isPretty { bytes.append(0x20) }
        afterKey = true
    }

    /// Writes a string.
    public mutating func string(_ text: String) {
        separate()
        writeQuoted(text)
        needsComma = true
    }

    /// Writes a whole number.
    public mutating func integer(_ value: Int64) { literal("\(value)") }

    /// Writes a number with the fewest digits that read back to the same double.
    /// - Throws: ``JSONError`` when it is not finite.
    public mutating func number(_ value: Double) throws(JSONError) {
        guard value.isFinite else { throw JSONError(.nonFiniteNumber) }
        literal("\(value)")
    }

    /// Writes a number with the fewest digits that read back to the same float.
    /// - Throws: ``JSONError`` when it is not finite.
    public mutating func number(float value: Float) throws(JSONError) {
        guard value.isFinite else { throw JSONError(.nonFiniteNumber) }
        literal("\(value)")
    }

    /// Writes a value that is JSON text already.
    public mutating func raw(_ json: some Sequence<UInt8>) {
        separate()
        bytes.append(contentsOf: json)
        needsComma = true
    }

    /// Writes `true` or `false`.
    public mutating func bool(_ value: Bool) { literal(value ? "true" : "false") }

    /// Writes `null`.
    public mutating func null() { literal("null") }

    /// Writes any value.
    /// - Throws: ``JSONError`` when a number in it is not finite.
    public mutating func value(_ value: JSONValue) throws(JSONError) {
        switch value {
        case .null: null()
        case .bool(let flag): bool(flag)
        case .integer(let number): integer(number)
        case .number(let number): try self.number(number)
        case .string(let text): string(text)
        case .array(let values):
            beginArray()
            for (index, element) in values.enumerated() {
                do { try self.value(element) } catch { throw error.below(index: index) }
            }
            endArray()
        case .object(let object):
            beginObject()
            for member in object.members {
                key(member.key)
                do { try self.value(member.value) } catch { throw error.below(key: member.key) }
            }
            endObject()
        }
    }

    private mutating func literal(_ text: String) {
        separate()
        bytes.append(contentsOf: text.utf8)
        needsComma = true
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        depth += 1
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        depth -= 1
        if needsComma { breakLine() }
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func separate() {
        if afterKey {
            afterKey = false
            return
        }
        if needsComma { bytes.append(0x2C) }
        if depth > 0 { breakLine() }
    }

    private mutating func breakLine() {
        guard isPretty else { return }
        bytes.append(0x0A)
        bytes.append(contentsOf: repeatElement(0x20, count: 2 * max(depth, 0)))
    }

    private mutating func writeQuoted(_ text: String) { Self.quote(text, into: &bytes) }

    /// Appends `text` to `bytes` as a JSON string, quotes included.
    public static func quote(_ text: String, into bytes: inout [UInt8]) {
        bytes.append(0x22)
        for byte in text.utf8 {
            switch byte {
            case 0x22, 0x5C:
                bytes.append(0x5C)
                bytes.append(byte)
            case 0x0A: bytes.append(contentsOf: [0x5C, 0x6E])
            case 0x0D: bytes.append(contentsOf: [0x5C, 0x72])
            case 0x09: bytes.append(contentsOf: [0x5C, 0x74])
            case 0x00..<0x20, 0x7F:
                bytes.append(contentsOf: [0x5C, 0x75, 0x30, 0x30, hexDigit(byte >> 4), hexDigit(byte & 15)])
            default: bytes.append(byte)
            }
        }
        bytes.append(0x22)
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }
}

extension JSONValue {
    /// The value as JSON text, UTF-8.
    /// - Parameter pretty: Whether every member gets a line of its own.
    /// - Throws: ``JSONError`` when a number in it is not finite.
    public func encoded(pretty: Bool = false) throws(JSONError) -> [UInt8] {
        var writer = JSONWriter(pretty: pretty)
        try writer.value(self)
        return writer.bytes
    }
}
