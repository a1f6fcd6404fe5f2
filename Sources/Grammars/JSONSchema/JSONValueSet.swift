import ModelFiles

/// JSON values to look others up in, equal as ``ModelFiles/JSONValue/isSame(as:)`` says, in a time that does not grow with
/// their number.
struct JSONValueSet {
    private var buckets: [Int: [JSONValue]] = [:]

    init(_ values: [JSONValue]) {
        for value in values { buckets[value.sameHash, default: []].append(value) }
    }

    func contains(_ value: JSONValue) -> Bool {
        buckets[value.sameHash]?.contains { $0.isSame(as: value) } ?? false
    }
}

extension JSONValue {
    /// Whether two values are equal as JSON Schema means it: numbers by value, objects in any order.
    func isSame(as other: JSONValue) -> Bool {
        switch (self, other) {
        case (.integer(let left), .number(let right)), (.number(let right), .integer(let left)):
            return Double(left) == right
        case (.array(let left), .array(let right)):
            return left.count == right.count && zip(left, right).allSatisfy { $0.isSame(as: $1) }
        case (.object(let left), .object(let right)):
            return left.count == right.count
                && left.members.allSatisfy { member in right[member.key].map { $0.isSame(as: member.value) } ?? false }
        default: return self == other
        }
    }

    /// How many values there are in it, long texts counted as several.
    var contentSize: Int {
        switch self {
        case .null, .bool, .integer, .number: 1
        case .string(let text): 1 + text.utf8.count / 16
        case .array(let values): values.reduce(1) { $0 + $1.contentSize }
        case .object(let object): object.members.reduce(1) { $0 + 1 + $1.key.utf8.count / 16 + $1.value.contentSize }
        }
    }

    /// Equal for values that are the same.
    fileprivate var sameHash: Int {
        var hasher = Hasher()
        switch self {
        case .null: break
        case .bool(let flag): hasher.combine(flag)
        case .integer(let number): hasher.combine(Double(number))
        case .number(let number): hasher.combine(number)
        case .string(let text): hasher.combine(text)
        case .array(let values): for value in values { hasher.combine(value.sameHash) }
        case .object(let object):
            // In any order.
            hasher.combine(object.members.reduce(0) { $0 ^ Self.memberHash($1) })
        }
        return hasher.finalize()
    }

    private static func memberHash(_ member: JSONObject.Member) -> Int {
        var hasher = Hasher()
        hasher.combine(member.key)
        hasher.combine(member.value.sameHash)
        return hasher.finalize()
    }
}
