/// Where a model comes from.
public struct ModelSource: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case path(String)
        case nano
    }

    let kind: Kind

    /// A GGUF file (any part of a split one), or a folder with a Hugging Face checkpoint (`config.json`, safetensors).
    public static func path(_ path: String) -> ModelSource { ModelSource(kind: .path(path)) }

    /// The small demo model inside the library: made for trying and testing, not for wisdom.
    public static let nano = ModelSource(kind: .nano)
}
