internal import Kite
internal import ModelFiles

extension ModelService {
    /// `/v1/embeddings`: the mean of the final hidden states of each input's tokens, scaled to length 1 as OpenAI's are.
    func embeddings(_ request: ServiceRequest, _ record: RequestRecord) async throws -> ServiceReply {
        let fields = try RequestFields(body: request.body, maximumDepth: options.maximumDepth)
        try RefusedFields.check(fields)
        let key = fields.has("input") || !fields.has("content") ? "input" : "content"
        let wanted = try PromptFields.read(fields, key, limit: options.maximumEmbeddings)
        let isBase64 = try Self.isBase64(fields)
        let width = try fields.integer("dimensions", in: 1...Int(Int32.max))
        let deadline = try SamplingFields.timeout(fields, options)
        let lease = try await acquire(fields.string("model"), AdapterChoice.read(fields))
        record.note { $0.model = lease.name }
        let model = lease.model
        if let width, width != model.configuration.embeddingLength {
            throw ServiceError.invalid(
                "'dimensions' can only be \(model.configuration.embeddingLength): these embeddings cannot be shortened",
                param: "dimensions", code: "unsupported_parameter")
        }
        var inputs: [[TokenID]] = []
        for (index, prompt) in wanted.enumerated() {
            inputs.append(try Self.tokens(prompt, model, wanted.count > 1 ? "\(key)[\(index)]" : key, param: key))
        }
        let vectors = try await model.embeddings(inputs, adapters: lease.adapters, deadline: deadline)
            .map(Self.normalized)
        let used = inputs.reduce(0) { $0 + $1.count }
        record.note { $0.promptTokens = used }
        return .json(Self.body(vectors, isBase64: isBase64, model: lease.name, tokens: used))
    }

    private static func isBase64(_ fields: RequestFields) throws(ServiceError) -> Bool {
        switch try fields.string("encoding_format") ?? "float" {
        case "float": return false
        case "base64": return true
        case let other:
            throw .invalid(
                "'encoding_format' must be float or base64, not '\(other.prefix(40))'", param: "encoding_format")
        }
    }

    private static func tokens(
        _ prompt: CompletionRequest.Prompt, _ model: LanguageModel, _ name: String, param: String
    ) throws(ServiceError) -> [TokenID] {
        let tokens: [TokenID]
        switch prompt {
        case .text(let text): tokens = model.tokenizer.encode(text, addSpecialTokens: true, parseSpecialTokens: false)
        case .tokens(let ids):
            tokens = ids
            try PromptFields.check(ids, model, name, param: param)
        }
        guard !tokens.isEmpty else { throw .invalid("'\(name)' is empty", param: param) }
        guard tokens.count <= model.contextLength else {
            throw .invalid(
                "'\(name)' has \(tokens.count) tokens, the context holds \(model.contextLength)", param: param,
                code: "context_length_exceeded")
        }
        return tokens
    }

    private static func normalized(_ vector: [Float]) -> [Float] {
        let length = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        return length > 0 && length.isFinite ? vector.map { Float(Double($0) / length) } : vector
    }

    private static func body(_ vectors: [[Float]], isBase64: Bool, model: String, tokens: Int) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("object", "list")
        writer.key("data")
        writer.beginArray()
        for (index, vector) in vectors.enumerated() {
            writer.beginObject()
            writer.member("object", "embedding")
            writer.member("index", index)
            writer.key("embedding")
            if isBase64 {
                writer.string(Base64.encode(vector.flatMap(\.littleEndianBytes)))
            } else {
                writer.beginArray()
                for value in vector { writer.float(value) }
                writer.endArray()
            }
            writer.endObject()
        }
        writer.endArray()
        writer.member("model", model)
        // These are no trained embeddings, and whoever compares them should know.
        writer.member("pooling", "mean")
        writer.member("normalized", true)
        writer.key("usage")
        writer.beginObject()
        writer.member("prompt_tokens", tokens)
        writer.member("total_tokens", tokens)
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }
}

extension Float {
    fileprivate var littleEndianBytes: [UInt8] {
        let bits = bitPattern
        return [
            UInt8(truncatingIfNeeded: bits), UInt8(truncatingIfNeeded: bits >> 8),
            UInt8(truncatingIfNeeded: bits >> 16), UInt8(truncatingIfNeeded: bits >> 24),
        ]
    }
}

/// Base64 (RFC 4648), with padding.
enum Base64 {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// `bytes` in base64.
    static func encode(_ bytes: [UInt8]) -> String {
        var result: [UInt8] = []
        result.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits: UInt32 = 0
            for byte in group { bits = bits << 8 | UInt32(byte) }
            bits <<= UInt32(8 * (3 - group.count))
            for position in 0..<4 {
                let digit = digits[Int(bits >> UInt32(18 - 6 * position) & 63)]
                result.append(position <= group.count ? digit : 0x3D)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
