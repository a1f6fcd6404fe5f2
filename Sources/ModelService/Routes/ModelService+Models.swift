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
    func modelDescription(_ name: String) throws -> [UInt8] {
        let match = try models.match(name)
        let status = models.status[match.index]
        var writer = JSONWriter()
        describe(status, adapter: match.adapter.map { status.adapters[$0] }, &writer)
        return writer.bytes
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
    func adapterList(_ request: ServiceRequest) throws -> ServiceReply {
        let status = models.status[try models.match(QueryText.value("model", in: request.query)).index]
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
