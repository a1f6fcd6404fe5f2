extension BuiltInTemplate {
    /// The format for a file that carries none, by what the model is; nil when nothing says that it is a chat model.
    ///
    /// A caller that gets nil should treat the model as a base model: `BuiltInTemplate.plain` for a chat, no template
    /// for `generate`, and a hint that `--chat-template` chooses one.
    ///
    /// - Parameters:
    ///   - architecture: `general.architecture` or `model_type`: `stablelm`, `llama`, `mistral`.
    ///   - vocabularySize: rows of the token table; 50304 is StableLM 3B, 100352 StableLM 2.
    ///   - eosToken: text of the end token, if known.
    ///   - modelName: `general.name`, the checkpoint's folder or the file's name.
    ///   - hasToken: whether the token table has this text as one token.
    public static func suggested(
        architecture: String, vocabularySize: Int, eosToken: String?, modelName: String?,
        hasToken: (String) -> Bool
    ) -> BuiltInTemplate? {
        nil
    }
}
