internal import ModelFiles

/// An adapter that a request wants applied.
struct AdapterChoice: Sendable, Hashable {
    /// Its name; nil when it is named by `id`.
    var name: String?
    /// Its place in the list of `/lora-adapters`.
    var id: Int?
    /// How strongly.
    var scale: Float

    /// Reads `lora`: `[{"name": "french", "scale": 0.5}]`, or with `id` in place of the name as llama.cpp has it.
    static func read(_ fields: RequestFields) throws(ServiceError) -> [AdapterChoice] {
        var result: [AdapterChoice] = []
        for (index, value) in (try fields.array("lora", limit: 64) ?? []).enumerated() {
            let path = "lora[\(index)]"
            guard case .object(let object) = value else {
                throw .invalid("'\(path)' must be an object, not \(value.kind)", param: "lora")
            }
            let entry = RequestFields(object, path: path)
            let name = try entry.string("name")
            let id = try entry.integer("id", in: 0...1023)
            guard name != nil || id != nil else {
                throw .invalid("'\(path)' needs a 'name' or an 'id'", param: "lora")
            }
            let scale = try entry.number("scale", in: -1000...1000) ?? 1
            result.append(AdapterChoice(name: name, id: id, scale: Float(scale)))
        }
        return result
    }
}
