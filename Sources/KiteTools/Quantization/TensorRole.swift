/// What a matrix is for, as far as recipes treat it differently.
enum TensorRole: Equatable {
    case embedding
    case output
    case query
    case key
    /// The value projection, alone or fused with query and key.
    case value(isFused: Bool)
    case attentionOutput
    case gate
    case up
    case down
    case other

    /// The role of the tensor called `name`, as llama.cpp tells it.
    init(_ name: String) {
        func has(_ part: String) -> Bool { name.contains(part) }
        self =
            switch name {
            case "output.weight": .output
            case "token_embd.weight": .embedding
            case _ where has("attn_qkv.weight"): .value(isFused: true)
            case _ where has("attn_v.weight"): .value(isFused: false)
            case _ where has("attn_k.weight"): .key
            case _ where has("attn_q.weight"): .query
            case _ where has("attn_output.weight"): .attentionOutput
            case _ where has("ffn_up"): .up
            case _ where has("ffn_gate"): .gate
            case _ where has("ffn_down"): .down
            default: .other
            }
    }

    /// Whether it is a value projection.
    var isValue: Bool {
        if case .value = self { return true }
        return false
    }
}
