import ModelFiles

extension SchemaCompiler {
    /// The schema that `$ref` names: `#` or a JSON pointer (RFC 6901) within the document.
    func resolve(_ reference: JSONValue, in schema: Subschema) throws(GrammarError) -> Subschema {
        guard case .string(let text) = reference else {
            throw .invalidSchema("\"$ref\" is no string", path: schema.path)
        }
        guard text == "#" || text.hasPrefix("#/") else {
            throw .unsupportedKeyword(
                "$ref", reason: "\"\(text.shortened)\" does not point into the schema itself (#/…)", path: schema.path)
        }
        var found = Subschema(value: document, path: "#")
        guard text != "#" else { return found }
        for step in text.dropFirst(2).split(separator: "/", omittingEmptySubsequences: false) {
            guard let key = Self.unescaped(step), let next = Self.child(found, key) else {
                throw .invalidSchema("\"$ref\" names \(text.shortened), which is not there", path: schema.path)
            }
            found = next
        }
        return found
    }

    private static func child(_ schema: Subschema, _ key: String) -> Subschema? {
        switch schema.value {
        case .object(let object): return object[key].map { schema.child($0, key) }
        case .array(let values):
            guard let index = Int(key), values.indices.contains(index), String(index) == key else { return nil }
            return schema.child(values[index], key)
        default: return nil
        }
    }

    /// A step of a pointer without `%41`, `~1` and `~0`; nil when it is malformed.
    private static func unescaped(_ step: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = step.utf8[...]
        while let byte = rest.popFirst() {
            if byte == 0x25 {
                guard let high = rest.popFirst(), let low = rest.popFirst(),
                    let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16)
                else { return nil }
                bytes.append(value)
            } else {
                bytes.append(byte)
            }
        }
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            guard bytes[index] == 0x7E else {
                result.append(bytes[index])
                index += 1
                continue
            }
            guard index + 1 < bytes.count, bytes[index + 1] == 0x30 || bytes[index + 1] == 0x31 else { return nil }
            result.append(bytes[index + 1] == 0x30 ? 0x7E : 0x2F)
            index += 2
        }
        return String(decoding: result, as: UTF8.self)
    }
}
