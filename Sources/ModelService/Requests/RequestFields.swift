internal import ModelFiles

/// The members of a request's object, read with their types and bounds; an error names the member.
///
/// A member that is `null` counts as absent, as OpenAI's clients mean it. Members that nobody asks for are ignored.
struct RequestFields: Sendable {
    let object: JSONObject
    /// Where the object is in the body, as errors tell it: `messages[2]`; empty for the body itself.
    let path: String

    init(_ object: JSONObject, path: String = "") {
        self.object = object
        self.path = path
    }

    /// The fields of a whole body.
    /// - Throws: A 400 for what is not one JSON object in valid UTF-8, nested at most `maximumDepth` deep, each key once.
    init(body: [UInt8], maximumDepth: Int) throws(ServiceError) {
        let value: JSONValue
        do { value = try JSONValue(parsing: body, maximumDepth: maximumDepth) } catch {
            throw .invalid("the body is not valid JSON: \(error)", code: "invalid_json")
        }
        guard case .object(let object) = value else {
            throw .invalid("the body must be a JSON object, not \(value.kind)", code: "invalid_json")
        }
        self.init(object)
    }

    /// How errors name the member `key`.
    func name(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// Whether there is a member `key` that is not `null`.
    func has(_ key: String) -> Bool { object.value(key) != nil }

    /// A string.
    func string(_ key: String) throws(ServiceError) -> String? {
        guard let value = object.value(key) else { return nil }
        guard case .string(let text) = value else { throw mismatch(key, "a string", value) }
        return text
    }

    /// `true` or `false`.
    func bool(_ key: String) throws(ServiceError) -> Bool? {
        guard let value = object.value(key) else { return nil }
        guard case .bool(let flag) = value else { throw mismatch(key, "true or false", value) }
        return flag
    }

    /// A whole number in `range`; `16.0` counts as one.
    func integer(_ key: String, in range: ClosedRange<Int>) throws(ServiceError) -> Int? {
        guard let value = object.value(key) else { return nil }
        let number: Int
        switch value {
        case .integer(let integer):
            guard let exact = Int(exactly: integer) else { throw outOfRange(key, range) }
            number = exact
        case .number(let double):
            guard double.rounded() == double else { throw mismatch(key, "a whole number", value) }
            guard let exact = Int(exactly: double) else { throw outOfRange(key, range) }
            number = exact
        default: throw mismatch(key, "a whole number", value)
        }
        guard range.contains(number) else { throw outOfRange(key, range) }
        return number
    }

    /// A number in `range`.
    func number(_ key: String, in range: ClosedRange<Double>) throws(ServiceError) -> Double? {
        guard let value = object.value(key) else { return nil }
        let number: Double
        switch value {
        case .integer(let integer): number = Double(integer)
        case .number(let double): number = double
        default: throw mismatch(key, "a number", value)
        }
        guard range.contains(number) else {
            throw .invalid(
                "'\(name(key))' must be between \(Self.text(range.lowerBound)) and \(Self.text(range.upperBound))",
                param: name(key))
        }
        return number
    }

    /// An array of at most `limit` values.
    func array(_ key: String, limit: Int) throws(ServiceError) -> [JSONValue]? {
        guard let value = object.value(key) else { return nil }
        guard case .array(let values) = value else { throw mismatch(key, "an array", value) }
        guard values.count <= limit else {
            throw .invalid("'\(name(key))' has \(values.count) elements, the most is \(limit)", param: name(key))
        }
        return values
    }

    /// An object.
    func object(_ key: String) throws(ServiceError) -> RequestFields? {
        guard let value = object.value(key) else { return nil }
        guard case .object(let object) = value else { throw mismatch(key, "an object", value) }
        return RequestFields(object, path: name(key))
    }

    /// The member `key`, which must be there.
    func required<Value>(_ key: String, _ value: Value?) throws(ServiceError) -> Value {
        guard let value else { throw .invalid("'\(name(key))' is missing", param: name(key)) }
        return value
    }

    /// The error for a member of the wrong type.
    func mismatch(_ key: String, _ expected: String, _ found: JSONValue) -> ServiceError {
        .invalid("'\(name(key))' must be \(expected), not \(found.kind)", param: name(key))
    }

    private func outOfRange(_ key: String, _ range: ClosedRange<Int>) -> ServiceError {
        .invalid(
            range.upperBound == .max
                ? "'\(name(key))' must be \(range.lowerBound) or more"
                : "'\(name(key))' must be between \(range.lowerBound) and \(range.upperBound)", param: name(key))
    }

    private static func text(_ bound: Double) -> String {
        bound == bound.rounded() && abs(bound) < 1e15 ? "\(Int(bound))" : "\(bound)"
    }
}
