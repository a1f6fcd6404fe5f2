internal import Kite
internal import ModelFiles

/// A conversation in the words of a model's chat format.
struct ChatPrompt: Sendable {
    /// The text, special tokens in their spelling.
    var text: String
    /// Whether the answer goes on within the last message.
    var isContinued: Bool
    /// How calls of tools are written.
    var toolSyntax: ToolSyntax
    /// Whether the prompt ends with what opens a call, because one is wanted.
    var opensCall: Bool

    /// Renders the conversation of `request` with the template of `model`.
    /// - Throws: A 400 when the template refuses the conversation.
    init(_ request: ChatRequest, model: LanguageModel) throws(ServiceError) {
        let style = ToolStyle(templateSource: model.chatTemplate.source)
        toolSyntax = style.syntax
        opensCall = request.tools.isOffered && request.tools.choice == .required
        isContinued = request.continuesFinalMessage || opensCall
        let renderer = Renderer(request: request, model: model, style: style)
        text = try style.isTemplated ? renderer.templated() : renderer.flattened()
        if opensCall { text += style.syntax.opening + style.syntax.lead }
    }

    /// The tokens, with the one that begins a sequence where the model was trained with it.
    func tokens(_ tokenizer: Tokenizer) -> [TokenID] {
        var tokens = tokenizer.encode(text, addSpecialTokens: false, parseSpecialTokens: true)
        if tokenizer.addsBOS, let bos = tokenizer.bosToken, tokens.first != bos { tokens.insert(bos, at: 0) }
        return tokens
    }
}

/// Tries the ways to say a conversation in a template.
private struct Renderer {
    let request: ChatRequest
    let model: LanguageModel
    let style: ToolStyle

    /// For a template that knows tools.
    func templated() throws(ServiceError) -> String {
        let tools: TemplateValue =
            request.tools.isOffered
            ? .array(request.tools.callableDefinitions.map { TemplateValue($0.source) }) : .none
        return try render(request.messages, tools: tools)
    }

    /// For a template that knows none.
    func flattened() throws(ServiceError) -> String {
        let messages = ToolInstructions.flatten(request.messages, style.syntax)
        guard request.tools.isOffered else { return try render(messages) }
        let instructions = ToolInstructions.text(request.tools, style.syntax)
        // Some templates refuse system messages, others leave them out: the tools must be told of all the same.
        let mark = PlaceMark()
        do {
            let text = try render(ToolInstructions.addSystem(instructions + mark.text, to: messages))
            if let told = mark.removed(from: text) { return told }
        } catch {}
        return try render(ToolInstructions.addToQuestion(instructions, messages))
    }

    private func render(_ messages: [ConversationMessage], tools: TemplateValue = .none) throws(ServiceError) -> String
    {
        var messages = messages
        let continued = request.continuesFinalMessage ? messages.last?.content ?? "" : ""
        let mark = PlaceMark()
        // With spaces at its end, which show whether the template strips messages.
        if !continued.isEmpty { messages[messages.count - 1].content += mark.text + Self.spaces }
        var variables: [String: TemplateValue] = [:]
        for member in request.templateVariables.members { variables[member.key] = TemplateValue(member.value) }
        variables["messages"] = .array(messages.map { TemplateValue($0) })
        variables["tools"] = tools
        // An empty message that is to be gone on with is the place where an answer begins.
        let addsPrompt = request.addsGenerationPrompt || (request.continuesFinalMessage && continued.isEmpty)
        variables["add_generation_prompt"] = .bool(addsPrompt)
        if request.continuesFinalMessage, continued.isEmpty {
            variables["messages"] = .array(messages.dropLast().map { TemplateValue($0) })
        }
        let text: String
        do {
            text = try model.chatTemplate.render(
                messages: [], addGenerationPrompt: addsPrompt,
                bosToken: model.tokenizer.bosToken.flatMap(model.tokenizer.piece(of:)),
                eosToken: model.tokenizer.eosToken.flatMap(model.tokenizer.piece(of:)), variables: variables)
        } catch {
            throw .invalid("\(error)", param: "messages", code: "chat_template")
        }
        return continued.isEmpty ? text : try Self.cut(text, at: mark, after: continued)
    }

    /// White space that no template writes by itself.
    private static let spaces = " \t "

    /// `text` up to the mark behind the message `content`. Where the template strips messages, the spaces at the end of
    /// this one go as well, as they do in transformers.
    private static func cut(
        _ text: String, at mark: PlaceMark, after content: String
    ) throws(ServiceError) -> String {
        guard let (before, after) = mark.split(text) else {
            throw .invalid(
                "the chat template leaves out the last message, so that it cannot be continued",
                param: "continue_final_message")
        }
        let isSpace = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace }
        guard !after.hasPrefix(spaces), !content.unicodeScalars.allSatisfy(isSpace) else { return before }
        var kept = before.unicodeScalars[...]
        for scalar in content.unicodeScalars.reversed() {
            guard isSpace(scalar), kept.last == scalar else { break }
            kept.removeLast()
        }
        return String(kept)
    }
}
