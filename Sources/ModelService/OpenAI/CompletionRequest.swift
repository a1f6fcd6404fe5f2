internal import Kite
internal import ModelFiles

/// The body of `/v1/completions`.
struct CompletionRequest: Sendable {
    /// A text to go on from.
    enum Prompt: Sendable, Hashable {
        case text(String)
        case tokens([TokenID])
    }

    /// Name of the model; nil takes the default one.
    var model: String?
    var prompts: [Prompt]
    var sampling: SamplingFields
    /// With how many alternatives tokens are told; nil when they are not.
    var topLogprobs: Int?
    var format: OutputFormat
    /// Whether the reply begins with the prompt.
    var echo: Bool

    /// Reads the body.
    /// - Throws: A 400 that names the field at fault.
    init(_ fields: RequestFields, options: ServiceOptions) throws(ServiceError) {
        model = try fields.string("model")
        prompts = try PromptFields.read(fields, "prompt", limit: options.maximumPrompts)
        sampling = try SamplingFields(fields, options: options)
        // OpenAI's default. `n_predict` is llama.cpp's word, whose default is no limit: whoever says it knows.
        if sampling.maximumTokens == nil { sampling.maximumTokens = min(16, options.maximumResponseTokens ?? 16) }
        let probabilities = try fields.integer("n_probs", in: 0...20).flatMap { $0 > 0 ? $0 : nil }
        topLogprobs = try fields.integer("logprobs", in: 0...20) ?? probabilities
        format = try OutputFormat(fields)
        echo = try fields.bool("echo") ?? false
        let best = try fields.integer("best_of", in: 1...options.maximumChoices) ?? sampling.choices
        guard best == sampling.choices else {
            throw .invalid(
                "'best_of' must equal 'n': choosing among more answers than are returned is not supported",
                param: "best_of", code: "unsupported_parameter")
        }
        guard prompts.count * sampling.choices <= max(options.maximumPrompts, options.maximumChoices) else {
            throw .invalid(
                "\(prompts.count) prompts times 'n' \(sampling.choices) are too many answers for one request",
                param: "n")
        }
    }
}

/// Texts and token numbers, in the four shapes that OpenAI's API has for them.
enum PromptFields {
    /// Most tokens of one prompt; the context is checked later.
    static let tokenLimit = 1 << 24

    /// A string, an array of strings, an array of tokens, or an array of arrays of tokens.
    static func read(
        _ fields: RequestFields, _ key: String, limit: Int
    ) throws(ServiceError) -> [CompletionRequest.Prompt] {
        switch try fields.required(key, fields.object.value(key)) {
        case .string(let text): return [.text(text)]
        case .array(let values):
            guard let first = values.first else { throw .invalid("'\(key)' is empty", param: key) }
            if case .integer = first { return [.tokens(try tokens(values, key))] }
            guard values.count <= limit else {
                throw .invalid("'\(key)' has \(values.count) prompts, the most is \(limit)", param: key)
            }
            var result: [CompletionRequest.Prompt] = []
            for (index, value) in values.enumerated() {
                switch (first, value) {
                case (.string, .string(let text)): result.append(.text(text))
                case (.array, .array(let ids)):
                    guard !ids.isEmpty else { throw .invalid("'\(key)[\(index)]' is empty", param: key) }
                    result.append(.tokens(try tokens(ids, "\(key)[\(index)]", param: key)))
                case (.string, _), (.array, _):
                    throw .invalid(
                        "'\(key)[\(index)]' must be \(first.kind) like those before it, not \(value.kind)", param: key)
                default:
                    throw .invalid(
                        "'\(key)[\(index)]' must be a string or an array of tokens, not \(value.kind)", param: key)
                }
            }
            return result
        case let other: throw fields.mismatch(key, "a string, or an array of strings or tokens", other)
        }
    }

    /// Looks for tokens that the model does not have.
    /// - Throws: A 400 that names the first.
    static func check(
        _ tokens: [TokenID], _ model: LanguageModel, _ name: String, param: String
    ) throws(ServiceError) {
        let size = model.configuration.vocabularySize
        guard let bad = tokens.first(where: { Int($0) >= size }) else { return }
        throw .invalid("'\(name)' has token \(bad), the vocabulary has \(size)", param: param)
    }

    /// Token numbers. Whether the model has them is checked later.
    /// - Parameters:
    ///   - name: What errors call the array.
    ///   - param: The field it is in; nil when that is its name.
    static func tokens(
        _ values: [JSONValue], _ name: String, param: String? = nil
    ) throws(ServiceError) -> [TokenID] {
        let param = param ?? name
        guard values.count <= tokenLimit else { throw .invalid("'\(name)' has too many tokens", param: param) }
        var result: [TokenID] = []
        result.reserveCapacity(values.count)
        for (index, value) in values.enumerated() {
            guard case .integer(let number) = value, let id = TokenID(exactly: number), id >= 0 else {
                throw .invalid("'\(name)[\(index)]' must be a token number", param: param)
            }
            result.append(id)
        }
        return result
    }
}
