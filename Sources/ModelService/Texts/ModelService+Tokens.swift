internal import Kite
internal import ModelFiles

extension ModelService {
    /// `/tokenize`: `{content, add_special, parse_special, with_pieces}` as llama.cpp has it, or `{prompt,
    /// add_special_tokens}` as lm-eval and vLLM do, or vLLM's `{messages}`: the tokens that a chat would read.
    func tokenize(_ request: ServiceRequest) async throws -> ServiceReply {
        let fields = try RequestFields(body: request.body, maximumDepth: options.maximumDepth)
        let withPieces = try fields.bool("with_pieces") ?? fields.bool("return_token_strs") ?? false
        guard !fields.has("messages") else { return try await tokenizeChat(fields, withPieces: withPieces) }
        let content = try fields.string("content")
        let prompt = try fields.string("prompt")
        let text = try fields.required("content", content ?? prompt)
        // vLLM's word for it is true when absent, llama.cpp's false.
        let addsSpecial =
            try fields.bool("add_special") ?? fields.bool("add_special_tokens") ?? (content == nil)
        let parsesSpecial = try fields.bool("parse_special") ?? true
        let lease = try await acquire(fields.string("model"))
        let tokens = lease.model.tokenizer.encode(
            text, addSpecialTokens: addsSpecial, parseSpecialTokens: parsesSpecial)
        return tokenList(tokens, lease.model, withPieces: withPieces)
    }

    /// The tokens of a conversation.
    private func tokenizeChat(_ fields: RequestFields, withPieces: Bool) async throws -> ServiceReply {
        for key in ["content", "prompt"] where fields.has(key) {
            throw ServiceError.invalid("'messages' and '\(key)' exclude each other", param: key)
        }
        let chat = try ChatRequest(fields, options: options)
        let lease = try await acquire(chat.model)
        let prompt = try ChatPrompt(chat, model: lease.model)
        return tokenList(prompt.tokens(lease.model.tokenizer), lease.model, withPieces: withPieces)
    }

    private func tokenList(_ tokens: [TokenID], _ model: LanguageModel, withPieces: Bool) -> ServiceReply {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("tokens")
        writer.beginArray()
        for token in tokens {
            if withPieces { write(token, model.tokenizer, &writer) } else { writer.integer(Int64(token)) }
        }
        writer.endArray()
        writer.member("count", tokens.count)
        writer.member("max_model_len", model.contextLength)
        writer.endObject()
        return .json(writer.bytes)
    }

    /// A token with its piece: a string, or its bytes where these are no text.
    private func write(_ token: TokenID, _ tokenizer: Tokenizer, _ writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("id", Int(token))
        writer.key("piece")
        let bytes = tokenizer.bytes(of: token)
        if let text = String(validating: bytes, as: UTF8.self) {
            writer.string(text)
        } else {
            writer.beginArray()
            for byte in bytes { writer.integer(Int64(byte)) }
            writer.endArray()
        }
        writer.endObject()
    }

    /// `/detokenize`: the text under both names that clients know.
    func detokenize(_ request: ServiceRequest) async throws -> ServiceReply {
        let fields = try RequestFields(body: request.body, maximumDepth: options.maximumDepth)
        let values = try fields.required("tokens", fields.array("tokens", limit: PromptFields.tokenLimit))
        let tokens = try PromptFields.tokens(values, "tokens")
        let lease = try await acquire(fields.string("model"))
        try PromptFields.check(tokens, lease.model, "tokens", param: "tokens")
        let text = lease.model.tokenizer.decode(tokens)
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("content", text)
        writer.member("prompt", text)
        writer.endObject()
        return .json(writer.bytes)
    }

    /// `/tokenizer_info`: the special tokens and the chat template.
    func tokenizerInfo(_ request: ServiceRequest) async throws -> ServiceReply {
        let lease = try await acquire(QueryText.value("model", in: request.query))
        let model = lease.model
        let tokenizer = model.tokenizer
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("model", lease.name)
        writer.member("tokenizer_class", tokenizer.kind.rawValue)
        writer.member("eos_token", tokenizer.eosToken.flatMap(tokenizer.piece(of:)))
        writer.member("bos_token", tokenizer.bosToken.flatMap(tokenizer.piece(of:)))
        writer.member("pad_token", (tokenizer.paddingToken ?? tokenizer.eosToken).flatMap(tokenizer.piece(of:)))
        writer.member("unk_token", tokenizer.unknownToken.flatMap(tokenizer.piece(of:)))
        writer.member("add_bos_token", tokenizer.addsBOS)
        writer.member("add_eos_token", tokenizer.addsEOS)
        writer.member("vocab_size", model.configuration.vocabularySize)
        writer.member("model_max_length", model.contextLength)
        writer.member("chat_template", model.chatTemplate.source)
        writer.endObject()
        return .json(writer.bytes)
    }

    /// `/apply-template`: the prompt that `/v1/chat/completions` would read.
    func applyTemplate(_ request: ServiceRequest) async throws -> ServiceReply {
        let fields = try RequestFields(body: request.body, maximumDepth: options.maximumDepth)
        let chat = try ChatRequest(fields, options: options)
        let lease = try await acquire(chat.model)
        let prompt = try ChatPrompt(chat, model: lease.model)
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("prompt", prompt.text)
        writer.member("tokens", prompt.tokens(lease.model.tokenizer).count)
        writer.endObject()
        return .json(writer.bytes)
    }
}

/// What follows the `?`.
enum QueryText {
    /// The value of `name`; nil when it is absent.
    static func value(_ name: String, in query: String) -> String? {
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2, PercentEncoding.decode(parts[0]) == name { return PercentEncoding.decode(parts[1]) }
        }
        return nil
    }
}
