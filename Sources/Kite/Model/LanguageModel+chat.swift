extension LanguageModel {
    /// The tokens of a conversation, up to where the model's answer begins.
    func chatTokens(_ instructions: String?, _ entries: ArraySlice<Transcript.Entry>) throws -> [TokenID] {
        var messages: [ChatMessage] = []
        if let instructions, !instructions.isEmpty {
            messages.append(.system(instructions))
        }
        messages += entries.map { $0.role == .user ? .user($0.content) : .assistant($0.content) }
        return try chatTokens(messages)
    }

    /// The tokens of a conversation, up to where the model's answer begins.
    ///
    /// A model trained with a beginning-of-sequence token gets one here too: templates such as Zephyr 7B's leave it to
    /// the tokenizer, others spell it out.
    public func chatTokens(_ messages: [ChatMessage]) throws -> [TokenID] {
        let text = try chatPrompt(messages)
        var tokens = tokenizer.encode(text, addSpecialTokens: false, parseSpecialTokens: true)
        if tokenizer.addsBOS, let bos = tokenizer.bosToken, tokens.first != bos { tokens.insert(bos, at: 0) }
        return tokens
    }

    /// The text of a conversation in the model's chat format, up to where the model's answer begins.
    public func chatPrompt(_ messages: [ChatMessage]) throws -> String {
        try chatTemplate.render(
            messages: messages, addGenerationPrompt: true, bosToken: tokenizer.bosToken.flatMap(tokenizer.piece(of:)),
            eosToken: tokenizer.eosToken.flatMap(tokenizer.piece(of:)))
    }
}
