internal import Kite
internal import ModelFiles

/// How answers are to be made: the fields that chat and plain completions share.
struct SamplingFields: Sendable {
    var sampling: SamplingOptions
    /// Most tokens of an answer; nil when the request does not say.
    var maximumTokens: Int?
    var stop: [String]
    var ignoresEndOfGeneration: Bool
    /// Answers for each prompt.
    var choices: Int
    var logitBias: [LogitBias]
    var isCachingPrompt: Bool
    /// Time for the request; nil for as long as it needs.
    var deadline: Duration?
    /// Whether an answer that is not complete by then is an error (`timeout`), or ends with what there is
    /// (`t_max_predict_ms`).
    var failsLate: Bool
    var streaming: StreamingFields
    var adapters: [AdapterChoice]

    /// Reads the fields.
    /// - Throws: A 400 that names the field at fault.
    init(_ fields: RequestFields, options: ServiceOptions) throws(ServiceError) {
        try RefusedFields.check(fields)
        sampling = try Self.sampling(fields)
        maximumTokens = try Self.maximumTokens(fields, options)
        stop = try Self.stop(fields)
        ignoresEndOfGeneration = try fields.bool("ignore_eos") ?? false
        let answers = try fields.integer("n", in: 1...options.maximumChoices)
        // llama.cpp's word for it.
        let completions = try fields.integer("n_cmpl", in: 1...options.maximumChoices)
        choices = answers ?? completions ?? 1
        logitBias = try LogitBias.read(fields)
        isCachingPrompt = try fields.bool("cache_prompt") ?? true
        let timeout = try Self.timeout(fields, options)
        let most = try fields.integer("t_max_predict_ms", in: -1...1_000_000_000)
            .flatMap { $0 > 0 ? Duration.milliseconds($0) : nil }
        deadline = [timeout, most].compactMap(\.self).min()
        failsLate = deadline != most
        streaming = try StreamingFields(fields)
        adapters = try AdapterChoice.read(fields)
    }

    /// Time for the request: what it grants itself with `timeout`, but no more than the service does.
    static func timeout(_ fields: RequestFields, _ options: ServiceOptions) throws(ServiceError) -> Duration? {
        let wanted = try fields.number("timeout", in: 0.001...1e6).map { Duration.seconds($0) }
        return [wanted, options.deadline].compactMap(\.self).min()
    }

    private static func sampling(_ fields: RequestFields) throws(ServiceError) -> SamplingOptions {
        let most = Int(Int32.max)
        var sampling = SamplingOptions()
        func set(_ key: String, _ range: ClosedRange<Double>, _ path: WritableKeyPath<SamplingOptions, Float>)
            throws(ServiceError)
        {
            if let value = try fields.number(key, in: range) { sampling[keyPath: path] = Float(value) }
        }
        try set("temperature", 0...100, \.temperature)
        try set("top_p", 0...1, \.topP)
        try set("min_p", 0...1, \.minP)
        try set("typical_p", 0...1, \.typicalP)
        try set("typ_p", 0...1, \.typicalP)
        try set("presence_penalty", -100...100, \.presencePenalty)
        try set("frequency_penalty", -100...100, \.frequencyPenalty)
        try set("repetition_penalty", 0.01...100, \.repeatPenalty)
        try set("repeat_penalty", 0.01...100, \.repeatPenalty)
        // -1 keeps all tokens, as elsewhere.
        if let count = try fields.integer("top_k", in: -1...most) { sampling.topK = max(count, 0) }
        if let count = try fields.integer("repeat_last_n", in: -1...most) { sampling.repeatLastN = count }
        // -1 draws a seed, as elsewhere.
        if let seed = try fields.integer("seed", in: .min ... .max), seed != -1 {
            sampling.seed = UInt64(bitPattern: Int64(seed))
        }
        return sampling
    }

    private static func maximumTokens(
        _ fields: RequestFields, _ options: ServiceOptions
    ) throws(ServiceError) -> Int? {
        var wanted: Int?
        // All are checked; the first that is there counts.
        for key in ["max_completion_tokens", "max_tokens", "n_predict"] {
            let value = try fields.integer(key, in: -1...Int(Int32.max))
            wanted = wanted ?? value
        }
        if wanted == -1 { wanted = .max }
        guard let most = options.maximumResponseTokens else { return wanted }
        return min(wanted ?? .max, most)
    }

    private static func stop(_ fields: RequestFields) throws(ServiceError) -> [String] {
        let texts: [String]
        switch fields.object.value("stop") {
        case nil: return []
        case .string(let text): texts = [text]
        case .array(let values):
            guard values.count <= 64 else {
                throw .invalid("'stop' has \(values.count) strings, the most is 64", param: "stop")
            }
            var found: [String] = []
            for (index, value) in values.enumerated() {
                guard case .string(let text) = value else {
                    throw .invalid("'stop[\(index)]' must be a string, not \(value.kind)", param: "stop")
                }
                found.append(text)
            }
            texts = found
        case .some(let other): throw fields.mismatch("stop", "a string or an array of strings", other)
        }
        guard texts.allSatisfy({ $0.unicodeScalars.count <= 4096 }) else {
            throw .invalid("a string in 'stop' is longer than 4096 characters", param: "stop")
        }
        return texts.filter { !$0.isEmpty }
    }
}

/// How the reply is sent.
struct StreamingFields: Sendable, Hashable {
    /// Piece by piece, as server-sent events.
    var isStream: Bool
    /// With a last event that tells the tokens used.
    var includesUsage: Bool

    init(_ fields: RequestFields) throws(ServiceError) {
        isStream = try fields.bool("stream") ?? false
        let options = try fields.object("stream_options")
        includesUsage = try options?.bool("include_usage") ?? false
        _ = try options?.bool("include_obfuscation")
    }
}
