import ModelFiles

/// The chat templates of a checkpoint folder.
struct ConvertedTemplates {
    private var main: String?
    private var named: [(name: String, text: String)] = []

    /// `chat_template` of `tokenizer_config.json`, a text or a list of named ones, else `chat_template.jinja`.
    init(in folder: HuggingFaceFolder) throws {
        let file = folder.path + "/tokenizer_config.json"
        do {
            switch try folder.json(.tokenizerConfig)?["chat_template"] {
            case .string(let text): main = text
            case .array(let templates):
                for template in templates {
                    let object = try template.asObject()
                    guard let name = try object.string("name"), let text = try object.string("template") else {
                        continue
                    }
                    if name == "default" { main = text } else { named.append((Self.key(name), text)) }
                }
            default: main = try folder.text(.chatTemplate)
            }
        } catch let error as JSONError {
            throw ConversionError.tokenizer(file: file, "\(error)")
        }
    }

    /// Writes the keys.
    func write(to metadata: inout GGUFMetadata) {
        for (name, text) in named { metadata["tokenizer.chat_template.\(name)"] = .string(text) }
        if !named.isEmpty {
            metadata["tokenizer.chat_templates"] = .strings(GGUFStringArray(named.map(\.name)))
        }
        if let main { metadata["tokenizer.chat_template"] = .string(main) }
    }

    /// The name as part of a key: letters and digits of ASCII, anything else an underscore.
    private static func key(_ name: String) -> String {
        String(
            decoding: name.unicodeScalars.map { scalar -> UInt8 in
                let isPlain = scalar.isASCII && scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                return isPlain ? UInt8(truncatingIfNeeded: scalar.value) : 0x5F
            }, as: UTF8.self)
    }
}
