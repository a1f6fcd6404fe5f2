extension BuiltInTemplate {
    /// The format for a file that carries none, by what the model is; nil when nothing says that it is a chat model.
    ///
    /// A caller that gets nil should treat the model as a base model: `BuiltInTemplate.plain` for a chat, no template
    /// for `generate`, and a hint that `--chat-template` chooses one.
    ///
    /// What decides, in this order: tokens that only one format has; the name, since the chat models of a family share
    /// their tokens with its base models; the end token.
    ///
    /// - Parameters:
    ///   - architecture: `general.architecture` or `model_type`: `stablelm`, `llama`, `mistral`.
    ///   - vocabularySize: rows of the token table; around 50,304 is StableLM 3B, 100,352 StableLM 2.
    ///   - eosToken: text of the end token, if known.
    ///   - modelName: `general.name`, the checkpoint's folder or the file's name; joining several is fine.
    ///   - hasToken: whether the token table has this text as one token.
    public static func suggested(
        architecture: String, vocabularySize: Int, eosToken: String?, modelName: String?,
        hasToken: (String) -> Bool
    ) -> BuiltInTemplate? {
        if hasToken("<|start_header_id|>"), hasToken("<|eot_id|>") { return .llama3 }
        let name = (modelName ?? "").lowercased()
        let isStableLM = architecture.lowercased().hasPrefix("stablelm")
        if isStableLM || name.contains("stablelm") {
            if name.contains("zephyr") { return .stablelmZephyr }
            // StableLM 2's table has the ChatML tokens in its base models too; only its chat models end with one.
            if vocabularySize > 100_000, hasToken("<|im_start|>"), eosToken == "<|im_end|>" || name.contains("chat") {
                return .chatML
            }
            return nil
        }
        if hasToken("<|im_start|>") { return .chatML }
        if name.contains("zephyr") { return .zephyr }
        if name.contains("tinyllama"), name.contains("chat") { return .zephyr }
        if name.contains("mistral") || name.contains("mixtral"), name.contains("instruct") { return .mistralInstruct }
        if name.contains("llama"), name.contains("chat") { return .llama2 }
        return nil
    }
}
