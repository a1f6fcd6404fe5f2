import Foundation
import ModelFiles

/// Validates values by a schema, keyword by keyword as the specification words them. It shares no code with the compiler.
struct SchemaValidator {
    let root: JSONValue

    init(_ schema: String) throws { root = try JSONValue(parsing: schema) }

    func accepts(_ value: JSONValue) -> Bool { accepts(value, root) }

    private func accepts(_ value: JSONValue, _ schema: JSONValue) -> Bool {
        if case .bool(let flag) = schema { return flag }
        guard case .object(let object) = schema else { return false }
        return object.members.allSatisfy { check(value, $0.key, $0.value, object) }
    }

    private func check(_ value: JSONValue, _ key: String, _ wanted: JSONValue, _ schema: JSONObject) -> Bool {
        switch key {
        case "$ref": return target(wanted).map { accepts(value, $0) } ?? false
        case "allOf": return list(wanted).allSatisfy { accepts(value, $0) }
        case "anyOf": return list(wanted).contains { accepts(value, $0) }
        case "oneOf": return list(wanted).filter { accepts(value, $0) }.count == 1
        case "type":
            let names = list(wanted).isEmpty ? [wanted] : list(wanted)
            return names.contains { isOf(value, $0) }
        case "enum": return list(wanted).contains { same($0, value) }
        case "const": return same(wanted, value)
        default: break
        }
        switch value {
        case .integer, .number: return checkNumber(number(value) ?? 0, key, wanted)
        case .string(let text): return checkString(text, key, wanted)
        case .array(let elements): return checkArray(elements, key, wanted, schema)
        case .object(let members): return checkObject(members, key, wanted, schema)
        default: return true
        }
    }

    private func checkNumber(_ value: Double, _ key: String, _ wanted: JSONValue) -> Bool {
        guard let limit = number(wanted) else { return true }
        switch key {
        case "minimum": return value >= limit
        case "maximum": return value <= limit
        case "exclusiveMinimum": return value > limit
        case "exclusiveMaximum": return value < limit
        case "multipleOf": return (value / limit).rounded() == value / limit
        default: return true
        }
    }

    private func checkString(_ text: String, _ key: String, _ wanted: JSONValue) -> Bool {
        switch (key, wanted) {
        case ("minLength", .integer(let count)): return text.unicodeScalars.count >= count
        case ("maxLength", .integer(let count)): return text.unicodeScalars.count <= count
        case ("pattern", .string(let pattern)):
            guard let expression = try? NSRegularExpression(pattern: pattern) else { return false }
            return expression.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil
        case ("format", .string("date")): return date(Array(text.utf8))
        case ("format", .string("uuid")): return UUID(uuidString: text) != nil
        case ("format", .string("ipv4")):
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            return parts.count == 4 && parts.allSatisfy { part in UInt8(part).map { String($0) == part } ?? false }
        case ("format", .string("ipv6")):
            var address = in6_addr()
            return inet_pton(AF_INET6, text, &address) == 1
        case ("format", .string("date-time")):
            let parts = text.split(separator: "T")
            return parts.count == 2 && date(Array(parts[0].utf8)) && parts[1].count >= 9
        default: return true
        }
    }

    private func date(_ text: [UInt8]) -> Bool {
        let parts = String(decoding: text, as: UTF8.self).split(separator: "-").compactMap { Int($0) }
        guard text.count == 10, parts.count == 3, parts[0] > 0, (1...12).contains(parts[1]) else { return false }
        let isLeap = parts[0] % 4 == 0 && (parts[0] % 100 != 0 || parts[0] % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return (1...days[parts[1] - 1]).contains(parts[2])
    }

    private func checkArray(
        _ elements: [JSONValue], _ key: String, _ wanted: JSONValue, _ schema: JSONObject
    ) -> Bool {
        let isDraft7 = schema["items"].map { if case .array = $0 { true } else { false } } ?? false
        switch (key, wanted) {
        case ("minItems", .integer(let count)): return elements.count >= count
        case ("maxItems", .integer(let count)): return elements.count <= count
        case ("prefixItems", .array(let parts)), ("items", .array(let parts)):
            return zip(elements, parts).allSatisfy { accepts($0, $1) }
        case ("items", _):
            let first = list(schema["prefixItems"] ?? .null).count
            return elements.dropFirst(first).allSatisfy { accepts($0, wanted) }
        case ("additionalItems", _) where isDraft7:
            return elements.dropFirst(list(schema["items"] ?? .null).count).allSatisfy { accepts($0, wanted) }
        default: return true
        }
    }

    private func checkObject(
        _ members: JSONObject, _ key: String, _ wanted: JSONValue, _ schema: JSONObject
    ) -> Bool {
        switch (key, wanted) {
        case ("properties", .object(let properties)):
            return properties.members.allSatisfy { part in members[part.key].map { accepts($0, part.value) } ?? true }
        case ("required", .array(let names)):
            return names.allSatisfy { name in if case .string(let text) = name { members[text] != nil } else { false } }
        case ("additionalProperties", _):
            var known: Set<String> = []
            if case .object(let properties)? = schema["properties"] { known = Set(properties.members.map(\.key)) }
            return members.members.allSatisfy { known.contains($0.key) || accepts($0.value, wanted) }
        case ("minProperties", .integer(let count)): return members.count >= count
        case ("maxProperties", .integer(let count)): return members.count <= count
        default: return true
        }
    }

    private func isOf(_ value: JSONValue, _ name: JSONValue) -> Bool {
        switch (value, name) {
        case (.null, "null"), (.bool, "boolean"), (.string, "string"), (.array, "array"), (.object, "object"),
            (.integer, "integer"), (.integer, "number"), (.number, "number"):
            return true
        case (.number(let number), "integer"): return number.rounded() == number
        default: return false
        }
    }

    private func target(_ reference: JSONValue) -> JSONValue? {
        guard case .string(let text) = reference, text.hasPrefix("#") else { return nil }
        var value = root
        for step in text.dropFirst().split(separator: "/") {
            let key = (step.removingPercentEncoding ?? String(step))
                .replacingOccurrences(of: "~1", with: "/").replacingOccurrences(of: "~0", with: "~")
            guard let next = value[key] ?? Int(key).flatMap({ value[$0] }) else { return nil }
            value = next
        }
        return value
    }

    private func list(_ value: JSONValue) -> [JSONValue] {
        if case .array(let values) = value { values } else { [] }
    }

    private func number(_ value: JSONValue) -> Double? {
        switch value {
        case .integer(let number): Double(number)
        case .number(let number): number
        default: nil
        }
    }

    private func same(_ left: JSONValue, _ right: JSONValue) -> Bool {
        if let left = number(left), let right = number(right) { return left == right }
        switch (left, right) {
        case (.array(let left), .array(let right)):
            return left.count == right.count && zip(left, right).allSatisfy { same($0, $1) }
        case (.object(let left), .object(let right)):
            return left.count == right.count
                && left.members.allSatisfy { part in right[part.key].map { same($0, part.value) } ?? false }
        default: return left == right
        }
    }
}
