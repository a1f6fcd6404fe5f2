import Kite

extension ModelReport {
    /// The report as JSON text of one object, sizes in bytes.
    /// - Parameter listsTensors: Whether every tensor is listed.
    package func json(listsTensors: Bool = false) throws -> String {
        var members: [(String, JSONValue)] = [
            ("path", .string(path)),
            ("container", .string(container)),
            ("files", .integer(Int64(fileCount))),
            ("file_bytes", .integer(Int64(fileBytes))),
            ("name", .string(name)),
            ("architecture", .string(configuration.architecture.rawValue)),
            ("parameters", .integer(Int64(parameters))),
            ("configuration", configurationJSON),
            ("types", .array(types.map { $0.json })),
            ("tokenizer", vocabulary?.json ?? .null),
            ("chat_template", template?.json ?? .null),
            ("memory", memory.json),
            ("warnings", .array(warnings.map { .string($0) })),
        ]
        if listsTensors { members.append(("tensors", .array(tensors.map { $0.json }))) }
        return String(decoding: try JSONValue.of(members).encoded(pretty: true), as: UTF8.self)
    }

    private var configurationJSON: JSONValue {
        .of([
            ("context_length", .integer(Int64(configuration.contextLength))),
            ("embedding_length", .integer(Int64(configuration.embeddingLength))),
            ("layers", .integer(Int64(configuration.layerCount))),
            ("feed_forward_length", .integer(Int64(configuration.feedForwardLength))),
            ("heads", .integer(Int64(configuration.headCount))),
            ("kv_heads", .integer(Int64(configuration.keyValueHeadCount))),
            ("head_dimension", .integer(Int64(configuration.headDimension))),
            ("rotary_dimensions", .integer(Int64(configuration.rotaryDimensions))),
            ("rope_base", .number(configuration.ropeBase)),
            ("norm", .string(configuration.norm == .layer ? "layer" : "rms")),
            ("sliding_window", configuration.slidingWindow.map { .integer(Int64($0)) } ?? .null),
            ("parallel_residual", .bool(configuration.parallelResidual)),
            ("qkv_bias", .bool(configuration.qkvBias)),
            ("qk_norm", .bool(configuration.qkNorm)),
            ("tied_embeddings", .bool(configuration.tiedEmbeddings)),
            ("embedding_rows", .integer(Int64(configuration.vocabularySize))),
        ])
    }
}

extension ModelReport.Template {
    fileprivate var json: JSONValue { .of([("name", .string(name)), ("source", .string(source))]) }
}

extension ModelReport.Vocabulary {
    fileprivate var json: JSONValue {
        .of([
            ("kind", .string(kind.rawValue)),
            ("pre_tokenizer", .string(preTokenizer)),
            ("vocabulary_size", .integer(Int64(size))),
            (
                "special_tokens",
                .array(
                    specialTokens.map { token in
                        .of([
                            ("role", .string(token.role)), ("id", .integer(Int64(token.id))),
                            ("text", token.text.map { .string($0) } ?? .null),
                        ])
                    })
            ),
        ])
    }
}

extension ModelReport.TypeShare {
    fileprivate var json: JSONValue {
        .of([
            ("type", .string(type)), ("tensors", .integer(Int64(tensors))),
            ("parameters", .integer(Int64(parameters))), ("bytes", .integer(Int64(bytes))),
        ])
    }
}

extension ModelReport.Tensor {
    fileprivate var json: JSONValue {
        .of([
            ("name", .string(name)), ("type", .string(type)), ("rows", .integer(Int64(rows))),
            ("columns", .integer(Int64(columns))), ("bytes", .integer(Int64(bytes))),
        ])
    }
}

extension ModelReport.Memory {
    fileprivate var json: JSONValue {
        .of([
            ("context", .integer(Int64(context))), ("weights", .integer(Int64(weights))),
            ("cache_f16", .integer(Int64(cacheF16))), ("cache_f32", .integer(Int64(cacheF32))),
            ("cache_int8", .integer(Int64(cacheInt8))), ("total_f16", .integer(Int64(totalF16))),
            ("total_f32", .integer(Int64(totalF32))), ("total_int8", .integer(Int64(totalInt8))),
        ])
    }
}

extension JSONValue {
    /// An object with `members` in their order.
    static func of(_ members: [(String, JSONValue)]) -> JSONValue {
        var object = JSONObject()
        for (key, value) in members { object[key] = value }
        return .object(object)
    }
}
