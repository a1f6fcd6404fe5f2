internal import ModelFiles

extension ModelService {
    /// The body of `/v1/models`.
    func modelList() -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("object", "list")
        writer.key("data")
        writer.beginArray()
        for name in models.names { describe(name, &writer) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    /// The body of `/v1/models/{id}`.
    func modelDescription(_ name: String) throws(ServiceError) -> [UInt8] {
        guard models.names.contains(name) else {
            throw .notFound("there is no model '\(name)'", param: "model", code: "model_not_found")
        }
        var writer = JSONWriter()
        describe(name, &writer)
        return writer.bytes
    }

    private func describe(_ name: String, _ writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("id", name)
        writer.member("object", "model")
        writer.member("created", started)
        writer.member("owned_by", "kite")
        writer.endObject()
    }
}
