extension Checkpoint {
    /// What the model calls itself, else what its file or folder is called.
    public var name: String {
        switch source {
        case .gguf(let file):
            if let name = try? file.metadata.string("general.name"), !name.isEmpty { return name }
            return lastComponent(file.name)
        case .huggingFace(let folder): return lastComponent(folder.path)
        }
    }

    /// The Jinja source of the model's own chat template; nil when it brings none.
    ///
    /// GGUF: `tokenizer.chat_template`. Hugging Face: the file `chat_template.jinja`, else `chat_template` of
    /// `tokenizer_config.json`, which may be a list of named templates, of which `default` counts.
    /// - Throws: ``GGUFError``, ``JSONError`` or ``FileError`` when there is one that cannot be read.
    public var chatTemplate: String? {
        get throws {
            switch source {
            case .gguf(let file): return try file.metadata.string("tokenizer.chat_template")
            case .huggingFace(let folder):
                if let text = try folder.text(.chatTemplate) { return text }
                switch try folder.json(.tokenizerConfig)?["chat_template"] {
                case nil, .null: return nil
                case .array(let templates):
                    let objects = try templates.map { try $0.asObject() }
                    let chosen = try objects.first { try $0.string("name") == "default" } ?? objects.first
                    return try chosen?.string("template")
                case let value?: return try value.asString()
                }
            }
        }
    }

    private func lastComponent(_ path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }
}
