package import Kite

extension QuantizationPlan {
    /// The plan as a JSON object; sizes in bytes.
    /// - Parameter fileBytes: Bytes of the file, where there is one.
    package func json(fileBytes: Int? = nil) -> JSONValue {
        let tensors = entries.map { entry in
            var members: [(String, JSONValue)] = [
                ("name", .string(entry.name)),
                ("shape", .array(entry.dimensions.map { .integer(Int64($0)) })),
                ("source_type", .string(entry.sourceType.name)),
                ("type", .string(entry.type.name)),
                ("source_bytes", .integer(Int64(entry.sourceBytes))),
                ("bytes", .integer(Int64(entry.bytes))),
            ]
            if let unfit = entry.unfit { members.append(("instead_of", .string(unfit.name))) }
            return JSONValue.of(members)
        }
        var members: [(String, JSONValue)] = [
            ("type", .string(mix.name)),
            ("tensor_bytes", .integer(Int64(tensorBytes))),
            ("source_bytes", .integer(Int64(sourceBytes))),
            ("parameters", .integer(Int64(parameters))),
            ("bits_per_weight", .number(bitsPerWeight)),
        ]
        if let fileBytes { members.append(("file_bytes", .integer(Int64(fileBytes)))) }
        members.append(("tensors", .array(tensors)))
        return JSONValue.of(members)
    }
}
