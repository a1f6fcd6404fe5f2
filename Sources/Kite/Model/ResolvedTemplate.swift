/// The chat format to use, and where it is from.
package struct ResolvedTemplate: Sendable {
    package let template: ChatTemplate
    /// `file`, `custom`, or the name of a built-in template.
    package let name: String
    package let warnings: [String]

    /// The template asked for, else the file's own, else the one that fits what the model is.
    /// - Parameter override: The name of a built-in template, or Jinja source.
    package init(_ checkpoint: Checkpoint, tokenizer: Tokenizer, override: String?) throws {
        if let override {
            if let builtIn = BuiltInTemplate(name: override) {
                self.init(template: try builtIn.template, name: builtIn.rawValue)
            } else if override.contains("{") {
                self.init(template: try ChatTemplate(source: override), name: "custom")
            } else {
                let names = BuiltInTemplate.allCases.map(\.rawValue).joined(separator: ", ")
                throw GenerationError.invalidOption(
                    "chatTemplate", "'\(override)' is neither Jinja source nor one of \(names)")
            }
        } else if let source = try checkpoint.chatTemplate {
            self.init(template: try ChatTemplate(source: source), name: "file")
        } else {
            let suggested = BuiltInTemplate.suggested(
                architecture: checkpoint.configuration.architecture.rawValue,
                vocabularySize: checkpoint.configuration.vocabularySize,
                eosToken: tokenizer.eosToken.flatMap(tokenizer.piece(of:)), modelName: checkpoint.name,
                hasToken: { tokenizer.id(of: $0) != nil })
            let format = suggested ?? .plain
            self.init(
                template: try format.template, name: format.rawValue,
                warning: suggested == nil
                    ? "the file has no chat template and does not look like a chat model: messages are joined as they are"
                    : "the file has no chat template: using '\(format.rawValue)'")
        }
    }

    private init(template: ChatTemplate, name: String, warning: String? = nil) {
        self.template = template
        self.name = name
        warnings = warning.map { [$0] } ?? []
    }
}
