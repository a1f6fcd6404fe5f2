/// The formats of the model families Kite runs, for files that carry no template and for `--chat-template NAME`.
public enum BuiltInTemplate: String, CaseIterable, Sendable, Hashable {
    /// StableLM Zephyr 3B and StableLM 2 Zephyr 1.6B: `<|user|>\n…<|endoftext|>\n<|assistant|>\n`.
    case stablelmZephyr = "stablelm-zephyr"
    /// Zephyr 7B and TinyLlama chat: `<|user|>\n…</s>\n<|assistant|>\n`.
    case zephyr = "zephyr"
    /// StableLM 2 12B chat and many others: `<|im_start|>user\n…<|im_end|>\n<|im_start|>assistant\n`.
    case chatML = "chatml"
    /// Mistral 7B Instruct: `<s>[INST] … [/INST]…</s>`.
    case mistralInstruct = "mistral-instruct"
    /// Llama 2 chat: `<s>[INST] <<SYS>>\n…\n<</SYS>>\n\n… [/INST] … </s>`.
    case llama2 = "llama2"
    /// Llama 3 instruct: `<|start_header_id|>user<|end_header_id|>\n\n…<|eot_id|>`.
    case llama3 = "llama3"
    /// No format: the contents one after the other, a line break between them. For base models.
    case plain = "none"

    /// The template of this name, as `--chat-template` takes it; capitals, `_` and spaces do not matter.
    public init?(name: String) {
        var wanted = ""
        for scalar in name.unicodeScalars {
            switch scalar {
            case "_", " ", "-": continue
            default: wanted += scalar.properties.lowercaseMapping
            }
        }
        let found = Self.allCases.first { format in
            String(format.rawValue.unicodeScalars.filter { $0 != "-" }) == wanted
        }
        guard let found else { return nil }
        self = found
    }

    /// The template, ready to render.
    public var template: ChatTemplate {
        get throws(ChatTemplateError) { try ChatTemplate(source: source) }
    }
}
