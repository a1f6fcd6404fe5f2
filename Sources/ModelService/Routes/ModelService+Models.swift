internal import Kite
internal import ModelFiles

extension ModelService {
    /// The body of `/v1/models`: each model, and each with one of its adapters.
    func modelList() -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("object", "list")
        writer.key("data")
        writer.beginArray()
        for status in models.status {
            describe(status, &writer)
            for adapter in status.adapters { describe(status, adapter: adapter, &writer) }
        }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    /// The body of `/v1/models/{id}`, where the id may also be an alias.
    func modelDescription(_ name: String) throws(ServiceError) -> [UInt8] {
        for status in models.status {
            var writer = JSONWriter()
            if status.name == name || status.aliases.contains(name) {
                describe(status, &writer)
                return writer.bytes
            }
            if let adapter = status.adapters.first(where: { "\(status.name):\($0)" == name }) {
                describe(status, adapter: adapter, &writer)
                return writer.bytes
            }
        }
        throw .notFound("there is no model '\(name.prefix(200))'", param: "model", code: "model_not_found")
    }

    private func describe(_ status: ModelStatus, adapter: String? = nil, _ writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("id", adapter.map { "\(status.name):\($0)" } ?? status.name)
        writer.member("object", "model")
        writer.member("created", started)
        writer.member("owned_by", "kite")
        if let adapter {
            writer.member("parent", status.name)
            writer.member("adapter", adapter)
        } else {
            writer.key("aliases")
            writer.beginArray()
            for alias in status.aliases { writer.string(alias) }
            writer.endArray()
        }
        writer.member("status", status.state.name)
        // vLLM's word for it, which clients look for.
        if let length = status.contextLength { writer.member("max_model_len", length) }
        writer.endObject()
    }

    /// `/lora-adapters` as llama.cpp has it: the adapters of one model by number. They are chosen request by request, so
    /// that their scale here is 0.
    func adapterList(_ request: ServiceRequest) throws(ServiceError) -> ServiceReply {
        let wanted = QueryText.value("model", in: request.query)
        let all = models.status
        guard let status = wanted == nil ? all.first : all.first(where: { $0.name == wanted }) else {
            throw .notFound(
                "there is no model '\((wanted ?? "").prefix(200))'", param: "model", code: "model_not_found")
        }
        var writer = JSONWriter()
        writer.beginArray()
        for (index, adapter) in status.adapters.enumerated() {
            writer.beginObject()
            writer.member("id", index)
            writer.member("name", adapter)
            writer.member("model", "\(status.name):\(adapter)")
            writer.member("scale", 0.0)
            writer.endObject()
        }
        writer.endArray()
        return .json(writer.bytes)
    }

    /// `/props`: what a model is and how requests that say nothing are answered.
    func properties(_ request: ServiceRequest) async throws -> ServiceReply {
        let lease = try await acquire(QueryText.value("model", in: request.query))
        let model = lease.model
        let defaults = SamplingOptions()
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("default_generation_settings")
        writer.beginObject()
        writer.member("n_ctx", model.contextLength)
        writer.key("params")
        writer.beginObject()
        writer.key("temperature")
        writer.float(defaults.temperature)
        writer.member("top_k", defaults.topK)
        writer.key("top_p")
        writer.float(defaults.topP)
        writer.key("min_p")
        writer.float(defaults.minP)
        writer.key("typical_p")
        writer.float(defaults.typicalP)
        writer.key("repeat_penalty")
        writer.float(defaults.repeatPenalty)
        writer.member("repeat_last_n", defaults.repeatLastN)
        writer.endObject()
        writer.endObject()
        writer.member("model_alias", lease.name)
        writer.member("chat_template", model.chatTemplate.source)
        writer.member("chat_template_name", model.chatTemplateName)
        writer.member("bos_token", model.tokenizer.bosToken.flatMap(model.tokenizer.piece(of:)) ?? "")
        writer.member("eos_token", model.tokenizer.eosToken.flatMap(model.tokenizer.piece(of:)) ?? "")
        writer.member("build_info", ReplyIdentity.fingerprint)
        writer.endObject()
        return .json(writer.bytes)
    }
}
