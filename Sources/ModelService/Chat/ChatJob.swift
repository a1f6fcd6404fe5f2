internal import Kite
internal import ModelFiles

/// A chat request with the model that is to answer it.
struct ChatJob: Sendable {
    let lease: ModelLease
    let request: GenerationRequest
    let identity: ReplyIdentity
    /// Whether tokens are told with their log-probabilities.
    let tellsLogprobs: Bool
    /// Finds calls of tools in an answer; nil when nothing can be called.
    let parser: ToolCallParser?
    let streaming: StreamingFields
    /// Whether an answer that is not complete in time is an error.
    let failsLate: Bool
    /// The conversation as guards read it.
    let conversation: [ChatMessage]
    /// What the answer goes on from, for guards: the text of the last message when that is continued; else empty.
    let continued: String
}

extension ModelService {
    /// Finds the model, renders the prompt, compiles the grammar.
    func prepare(_ chat: ChatRequest) async throws -> ChatJob {
        let lease = try await acquire(chat.model, chat.sampling.adapters)
        let model = lease.model
        let prompt = try ChatPrompt(chat, model: model)
        let tokens = prompt.tokens(model.tokenizer)
        var options = try chat.sampling.options(
            model, bias: chat.sampling.bias(model), promptTokens: tokens.count, param: "messages")
        options.topLogprobs = chat.topLogprobs
        options.grammar = try await grammars.make(chat.format, chat.tools, prompt.toolSyntax)
        // The marks of Mistral's calls are special tokens, which would not be shown otherwise.
        options.includesSpecialTokens = chat.tools.isOffered && prompt.toolSyntax == .list
        let request = GenerationRequest(
            prompt: tokens, options: options, choices: chat.sampling.choices, isContinued: prompt.isContinued,
            adapters: lease.adapters,
            isCachingPrompt: chat.sampling.isCachingPrompt)
        return ChatJob(
            lease: lease, request: request, identity: ReplyIdentity(prefix: "chatcmpl-", model: lease.name),
            tellsLogprobs: chat.topLogprobs != nil,
            parser: chat.parser(prompt),
            streaming: chat.sampling.streaming, failsLate: chat.sampling.failsLate,
            conversation: try chat.guardedSettings()
                + chat.messages.map { ChatMessage(role: $0.role, content: $0.guardedText) },
            continued: chat.continuesFinalMessage ? chat.messages.last?.content ?? "" : "")
    }

    /// The model that a request names.
    func acquire(_ name: String?, _ adapters: [AdapterChoice] = []) async throws -> ModelLease {
        try await models.acquire(name.flatMap { $0.isEmpty ? nil : $0 }, adapters: adapters.map(\.selection))
    }
}

extension ChatRequest {
    /// What finds the calls of tools in an answer; nil when nothing can be called.
    fileprivate func parser(_ prompt: ChatPrompt) -> ToolCallParser? {
        guard tools.isOffered else { return nil }
        // Where no grammar sees to it that there is one call.
        let isSingle = !tools.isParallel && tools.choice == .auto && prompt.toolSyntax == .list
        return ToolCallParser(prompt.toolSyntax, isOpened: prompt.opensCall, mostCalls: isSingle ? 1 : .max)
    }

    /// What the model is told beside the conversation: tools, names for the template, and what the answer has to look like,
    /// which puts words into the model's mouth.
    fileprivate func guardedSettings() throws(JSONError) -> [ChatMessage] {
        var values = tools.isOffered ? tools.callableDefinitions.map(\.source) : []
        if !templateVariables.members.isEmpty { values.append(.object(templateVariables)) }
        guard !values.isEmpty else { return format.guardedSettings }
        var writer = JSONWriter()
        writer.beginArray()
        for value in values { try writer.value(value) }
        writer.endArray()
        return [.system(String(decoding: writer.bytes, as: UTF8.self))] + format.guardedSettings
    }
}

extension OutputFormat {
    /// The format as guards read it.
    var guardedSettings: [ChatMessage] { source.map { [.system($0)] } ?? [] }
}

extension ConversationMessage {
    /// All that a message says: calls, names and ids included, which templates write into prompts.
    fileprivate var guardedText: String {
        var texts = [content]
        for call in toolCalls { texts += [call.name, call.arguments, call.id] }
        texts += [name ?? "", toolCallID ?? ""]
        return texts.filter { !$0.isEmpty }.joined(separator: "\n")
    }
}

extension AdapterChoice {
    /// The same for the registry.
    var selection: AdapterSelection {
        AdapterSelection(name.map { .name($0) } ?? .number(id ?? 0), scale: scale)
    }
}

extension SamplingFields {
    /// Options for the engine.
    /// - Parameters:
    ///   - bias: The biases by token, as ``bias(_:)`` gives them.
    ///   - promptTokens: Tokens of the prompt.
    ///   - param: Where the request has the prompt.
    /// - Throws: A 400 for a prompt that leaves no room for an answer.
    func options(
        _ model: LanguageModel, bias: [TokenID: Float], promptTokens: Int, param: String
    ) throws(ServiceError) -> GenerationOptions {
        // Nothing has to be read after a single token, so that it needs no room.
        let room = maximumTokens ?? .max <= 1 ? 0 : 1
        guard promptTokens + room <= model.contextLength else {
            throw .invalid(
                "the prompt has \(promptTokens) tokens, the context holds \(model.contextLength)", param: param,
                code: "context_length_exceeded")
        }
        var options = GenerationOptions(sampling: sampling, stop: stop)
        options.sampling.logitBias = bias
        // The context ends every answer; a number beyond it says the same as none.
        options.maximumResponseTokens = maximumTokens.flatMap { $0 < model.contextLength ? $0 : nil }
        options.ignoresEndOfGeneration = ignoresEndOfGeneration
        options.deadline = deadline
        return options
    }

    /// The biases by token: once for a request, as they may be many and so may its prompts.
    /// - Throws: A 400 for a bias on a token that the model lacks.
    func bias(_ model: LanguageModel) throws(ServiceError) -> [TokenID: Float] {
        try LogitBias.resolve(logitBias, model.tokenizer, tableSize: model.configuration.vocabularySize)
    }
}
