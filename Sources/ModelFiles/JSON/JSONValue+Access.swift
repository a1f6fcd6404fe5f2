/// Typed access. Members that are absent or `null` are nil; members of another type are errors.
extension JSONValue {
    /// The member `key` of an object; nil for anything else.
    public subscript(key: String) -> JSONValue? {
        guard case .object(let object) = self else { return nil }
        return object[key]
    }

    /// The element `index` of an array; nil when there is none.
    public subscript(index: Int) -> JSONValue? {
        guard case .array(let values) = self, values.indices.contains(index) else { return nil }
        return values[index]
    }

    /// The object this is.
    public func asObject() throws(JSONError) -> JSONObject {
        guard case .object(let object) = self else { throw mismatch("an object") }
        return object
    }

    /// The array this is.
    public func asArray() throws(JSONError) -> [JSONValue] {
        guard case .array(let values) = self else { throw mismatch("an array") }
        return values
    }

    /// The string this is.
    public func asString() throws(JSONError) -> String {
        guard case .string(let text) = self else { throw mismatch("a string") }
        return text
    }

    /// The boolean this is.
    public func asBool() throws(JSONError) -> Bool {
        guard case .bool(let flag) = self else { throw mismatch("a boolean") }
        return flag
    }

    /// The whole number this is. `4096.0` is none.
    public func asInt() throws(JSONError) -> Int {
        switch self {
        case .integer(let value):
            guard let result = Int(exactly: value) else { throw JSONError(.numberOutOfRange("\(value)")) }
            return result
        case .number(let value):
            throw JSONError(abs(value) < 0x1p63 ? .notAnInteger("\(value)") : .numberOutOfRange("\(value)"))
        default: throw mismatch("a number")
        }
    }

    /// The number this is.
    public func asDouble() throws(JSONError) -> Double {
        switch self {
        case .integer(let value): return Double(value)
        case .number(let value): return value
        default: throw mismatch("a number")
        }
    }

    private func mismatch(_ expected: String) -> JSONError {
        JSONError(.typeMismatch(expected: expected, found: kind))
    }
}

extension JSONObject {
    /// The value under `key`; nil when it is absent or `null`.
    public func value(_ key: String) -> JSONValue? {
        let value = self[key]
        return value == .null ? nil : value
    }

    /// The string under `key`; nil when it is absent or `null`.
    public func string(_ key: String) throws(JSONError) -> String? {
        do { return try value(key)?.asString() } catch { throw error.below(key: key) }
    }

    /// The boolean under `key`; nil when it is absent or `null`.
    public func bool(_ key: String) throws(JSONError) -> Bool? {
        do { return try value(key)?.asBool() } catch { throw error.below(key: key) }
    }

    /// The whole number under `key`; nil when it is absent or `null`.
    public func int(_ key: String) throws(JSONError) -> Int? {
        do { return try value(key)?.asInt() } catch { throw error.below(key: key) }
    }

    /// The number under `key`; nil when it is absent or `null`.
    public func double(_ key: String) throws(JSONError) -> Double? {
        do { return try value(key)?.asDouble() } catch { throw error.below(key: key) }
    }

    /// The array under `key`; nil when it is absent or `null`.
    public func array(_ key: String) throws(JSONError) -> [JSONValue]? {
        do { return try value(key)?.asArray() } catch { throw error.below(key: key) }
    }

    /// The object under `key`; nil when it is absent or `null`.
    public func object(_ key: String) throws(JSONError) -> JSONObject? {
        do { return try value(key)?.asObject() } catch { throw error.below(key: key) }
    }
}
