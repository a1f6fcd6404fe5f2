/// The name of a tensor in `adapter_model.safetensors`, taken apart.
package struct PEFTName {
    /// The layer of the base model: `model.layers.0.self_attn.q_proj`.
    let module: String
    /// Whether it is A, which comes first.
    let isA: Bool

    package static let prefix = "base_model.model."

    /// Nil for names of other tensors.
    init?(_ name: String) {
        for (suffix, isA) in [(".lora_A.weight", true), (".lora_B.weight", false)] where name.hasSuffix(suffix) {
            let module = name.dropLast(suffix.count)
            self.module = String(module.hasPrefix(Self.prefix) ? module.dropFirst(Self.prefix.count) : module)
            self.isA = isA
            return
        }
        return nil
    }
}
