internal import ModelFiles

/// The body of `/v1/chat/completions`, and of `/apply-template`.
struct ChatRequest: Sendable {
    /// Name of the model; nil takes the default one.
    var model: String?
    var messages: [ConversationMessage]
    var sampling: SamplingFields
    /// With how many alternatives tokens are told; nil when they are not.
    var topLogprobs: Int?
    /// What the answer has to look like.
    var format: OutputFormat
    var tools: ToolUse
    /// Whether the prompt ends with what makes the model answer.
    var addsGenerationPrompt: Bool
    /// Whether the answer goes on with the last message, an assistant's.
    var continuesFinalMessage: Bool
    /// Further names for the chat template.
    var templateVariables: JSONObject

    /// Reads the body.
    /// - Throws: A 400 that names the field at fault.
    init(_ fields: RequestFields, options: ServiceOptions) throws(ServiceError) {
        model = try fields.string("model")
        messages = try ConversationMessage.read(fields)
        sampling = try SamplingFields(fields, options: options)
        topLogprobs = try Self.topLogprobs(fields)
        format = try OutputFormat(fields)
        tools = try ToolUse(fields)
        continuesFinalMessage = try fields.bool("continue_final_message") ?? false
        addsGenerationPrompt = try fields.bool("add_generation_prompt") ?? !continuesFinalMessage
        templateVariables = try fields.object("chat_template_kwargs")?.object ?? JSONObject()
        if continuesFinalMessage {
            guard !addsGenerationPrompt else {
                throw .invalid(
                    "'continue_final_message' and 'add_generation_prompt' exclude each other",
                    param: "continue_final_message")
            }
            guard messages.last?.role == "assistant", messages.last?.toolCalls.isEmpty == true else {
                throw .invalid(
                    "'continue_final_message' needs a last message of the assistant", param: "continue_final_message")
            }
        }
        if case .grammar = format, tools.isOffered {
            throw .invalid("'grammar' and 'tools' exclude each other", param: "grammar")
        }
    }

    /// `logprobs` with `top_logprobs`, or llama.cpp's `n_probs`.
    private static func topLogprobs(_ fields: RequestFields) throws(ServiceError) -> Int? {
        let wanted = try fields.bool("logprobs")
        let count = try fields.integer("top_logprobs", in: 0...20)
        let probabilities = try fields.integer("n_probs", in: 0...20).flatMap { $0 > 0 ? $0 : nil }
        if let count, count > 0, wanted != true {
            throw .invalid("'top_logprobs' needs 'logprobs': true", param: "top_logprobs")
        }
        return wanted == true ? count ?? 0 : probabilities
    }
}
