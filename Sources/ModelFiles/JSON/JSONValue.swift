public import TensorCore

/// Any JSON value.
public indirect enum JSONValue: Sendable, Equatable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number written without fraction and exponent that fits 64 bits.
    case integer(Int64)
    /// Any other number.
    case number(Double)
    /// A string.
    case string(String)
    /// An array.
    case array([JSONValue])
    /// An object; keys keep their order.
    case object(JSONObject)

    /// Parses a whole JSON text.
    /// - Throws: ``JSONError`` for anything RFC 8259 does not allow, duplicate keys, and more than `maximumDepth` levels.
    public init(parsing bytes: [UInt8], maximumDepth: Int = 128) throws(JSONError) {
        var reader = JSONReader(bytes, maximumDepth: maximumDepth)
        self = try reader.readValue()
        try reader.finish()
    }

    /// Parses a whole JSON text. Throws as ``init(parsing:maximumDepth:)`` for arrays of bytes does.
    public init(parsing region: ByteRegion, maximumDepth: Int = 128) throws(JSONError) {
        try self.init(parsing: region.withBytes { $0.withUnsafeBytes { [UInt8]($0) } }, maximumDepth: maximumDepth)
    }

    /// Parses a whole JSON text. Throws as ``init(parsing:maximumDepth:)`` for arrays of bytes does.
    public init(parsing text: String, maximumDepth: Int = 128) throws(JSONError) {
        try self.init(parsing: Array(text.utf8), maximumDepth: maximumDepth)
    }

    /// What the value is, in words, for messages.
    public var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer, .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

extension JSONReader {
    /// Reads the next value, whatever it is.
    /// - Throws: ``JSONError``; duplicate keys are refused.
    public mutating func readValue() throws(JSONError) -> JSONValue {
        switch try peekKind() {
        case .null:
            _ = try readNull()
            return .null
        case .bool: return .bool(try readBool())
        case .number: return try readNumber()
        case .string: return .string(try readString())
        case .array:
            var values: [JSONValue] = []
            try enterArray()
            while try nextElement() {
                do { values.append(try readValue()) } catch { throw error.below(index: values.count) }
            }
            return .array(values)
        case .object:
            var object = JSONObject()
            try enterObject()
            while let key = try nextKey() {
                let value: JSONValue
                do { value = try readValue() } catch { throw error.below(key: key) }
                guard object.appendIfNew(key, value) else { throw error(.duplicateKey(key)) }
            }
            return .object(object)
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A whole number.
    public init(integerLiteral value: Int64) { self = .integer(value) }
    /// A number.
    public init(floatLiteral value: Double) { self = .number(value) }
    /// A boolean.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// `null`.
    public init(nilLiteral: ()) { self = .null }
    /// An array.
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    /// An object; of a key that comes twice the last value counts.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        var object = JSONObject()
        for (key, value) in elements { object[key] = value }
        self = .object(object)
    }
}
