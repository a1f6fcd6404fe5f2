/// A metadata value with the exact type it has in the file.
public enum GGUFValue: Sendable, Equatable {
    case uint8(UInt8)
    case int8(Int8)
    case uint16(UInt16)
    case int16(Int16)
    case uint32(UInt32)
    case int32(Int32)
    case uint64(UInt64)
    case int64(Int64)
    case float32(Float)
    case float64(Double)
    case bool(Bool)
    /// Text.
    case string(String)
    /// A string that is not valid UTF-8, kept as it is.
    case bytes([UInt8])
    /// An array of strings.
    case strings(GGUFStringArray)
    /// An array of numbers or truth values.
    case numbers(GGUFNumbers)

    /// Type of the value in the file.
    public var type: GGUFValueType {
        switch self {
        case .uint8: .uint8
        case .int8: .int8
        case .uint16: .uint16
        case .int16: .int16
        case .uint32: .uint32
        case .int32: .int32
        case .uint64: .uint64
        case .int64: .int64
        case .float32: .float32
        case .float64: .float64
        case .bool: .bool
        case .string, .bytes: .string
        case .strings, .numbers: .array
        }
    }

    /// What it is, for messages: "a string", "an array of float32".
    var kind: String {
        switch self {
        case .string: "a string"
        case .bytes: "a string that is not valid UTF-8"
        case .strings: "an array of strings"
        case .numbers(let numbers): "an array of \(numbers.type)"
        case .float32, .float64: "a fraction"
        case .bool: "a truth value"
        default: "an integer"
        }
    }

    /// The value when it is an integer of any width that fits; nil otherwise.
    public var int: Int? {
        switch self {
        case .uint8(let value): Int(value)
        case .int8(let value): Int(value)
        case .uint16(let value): Int(value)
        case .int16(let value): Int(value)
        case .uint32(let value): Int(value)
        case .int32(let value): Int(value)
        case .uint64(let value): Int(exactly: value)
        case .int64(let value): Int(value)
        default: nil
        }
    }

    /// Whether it is an integer of any width.
    var isInteger: Bool {
        switch self {
        case .uint8, .int8, .uint16, .int16, .uint32, .int32, .uint64, .int64: true
        default: false
        }
    }
}

extension GGUFValue: CustomStringConvertible {
    /// A short rendering for people: long strings and arrays are cut.
    public var description: String {
        switch self {
        case .uint8(let value): "\(value)"
        case .int8(let value): "\(value)"
        case .uint16(let value): "\(value)"
        case .int16(let value): "\(value)"
        case .uint32(let value): "\(value)"
        case .int32(let value): "\(value)"
        case .uint64(let value): "\(value)"
        case .int64(let value): "\(value)"
        case .float32(let value): "\(value)"
        case .float64(let value): "\(value)"
        case .bool(let value): "\(value)"
        case .string(let value): value.unicodeScalars.count > 60 ? "\(value.prefix(60))…" : value
        case .bytes(let value): "\(value.count) bytes that are not UTF-8"
        case .strings(let value): "\(value.count) strings"
        case .numbers(let value):
            value.count > 8 ? "\(value.count) of \(value.type)" : "\(value.map { $0.description })"
        }
    }
}
