/// A chat template: the small program, in the Jinja language, that turns a conversation into the text a model reads.
///
/// Renders what `apply_chat_template` of the transformers library renders: Jinja 3.1 in its immutable sandbox with
/// `trim_blocks`, `lstrip_blocks`, loop controls, `raise_exception`, `strftime_now`, a `tojson` that keeps characters
/// as they are, and `{% generation %}` blocks. Templates of files, imports, inheritance and every attribute that leads
/// to the host do not exist, and `Limits` bounds time, depth, memory and output.
public struct ChatTemplate: Sendable {
    /// The template's text as it was given.
    public let source: String
    /// What rendering may use.
    public let limits: Limits
    private let program: Program
    /// What `strftime_now` tells; the machine's clock unless a test sets another.
    package var clock: @Sendable () -> CalendarTime = CalendarTime.now

    /// Reads a template.
    ///
    /// - Throws: `ChatTemplateError` of kind `syntax`, `unsupported`, `sourceTooLarge` or `nestingTooDeep`.
    public init(source: String, limits: Limits = .default) throws(ChatTemplateError) {
        self.source = source
        self.limits = limits
        program = try Parser.program(of: source, limits: limits)
    }

    /// Renders a conversation.
    ///
    /// - Parameters:
    ///   - messages: the conversation so far, seen by the template as `messages`.
    ///   - addGenerationPrompt: end with what makes the model answer, such as `<|assistant|>`.
    ///   - bosToken: text of the token that begins a sequence (`bos_token`); not defined in the template when nil.
    ///   - eosToken: text of the token that ends a sequence (`eos_token`); not defined in the template when nil.
    ///   - variables: further names; they win over the ones above.
    /// - Returns: the text to tokenize, special tokens in their spelling.
    /// - Throws: `ChatTemplateError`; of kind `raised` when the template refuses the conversation, for example because
    ///   its roles do not alternate.
    public func render(
        messages: [ChatMessage], addGenerationPrompt: Bool, bosToken: String?, eosToken: String?,
        variables: [String: TemplateValue] = [:]
    ) throws(ChatTemplateError) -> String {
        // transformers always passes these two, so `tools is defined` holds and `tools` is None.
        var context: [String: TemplateValue] = ["tools": .none, "documents": .none]
        context["messages"] = .array(messages.map(\.templateValue))
        context["add_generation_prompt"] = .bool(addGenerationPrompt)
        if let bosToken { context["bos_token"] = .string(bosToken) }
        if let eosToken { context["eos_token"] = .string(eosToken) }
        context.merge(variables) { _, given in given }
        return try render(context: context)
    }

    /// Renders with exactly these names.
    public func render(context: [String: TemplateValue]) throws(ChatTemplateError) -> String {
        try Renderer(program: program, limits: limits, clock: clock).render(context)
    }
}
