import TensorCore

extension LoRAAdapter {
    /// The adapter in a GGUF file.
    package init(gguf file: GGUFFile, base configuration: ModelConfiguration) throws {
        let metadata = file.metadata
        guard try metadata.string("general.type") == "adapter", try metadata.string("adapter.type") == "lora" else {
            throw AdapterError.notLoRA(file.name)
        }
        let architecture = try metadata.requiredString("general.architecture")
        guard architecture == configuration.architecture.rawValue else {
            throw AdapterError.architecture(found: architecture, expected: configuration.architecture.rawValue)
        }
        guard metadata["adapter.alora.invocation_tokens"] == nil else {
            throw AdapterError.unsupported("an adapter with adapter.alora.invocation_tokens")
        }
        let alpha = try metadata.requiredFloat("adapter.lora.alpha")
        guard alpha.isFinite else { throw AdapterError.alpha(file.name) }
        var parts: [String: Part] = [:]
        for tensor in file.tensors {
            guard let suffix = [".lora_a", ".lora_b"].first(where: { tensor.name.hasSuffix($0) }) else {
                throw AdapterError.unexpectedTensor(tensor.name)
            }
            let name = String(tensor.name.dropLast(suffix.count))
            guard parts[name] == nil else { continue }
            guard let first = file[tensor: name + ".lora_a"] else { throw AdapterError.missingHalf(name + ".lora_a") }
            guard let second = file[tensor: name + ".lora_b"] else { throw AdapterError.missingHalf(name + ".lora_b") }
            let base = try Self.base(name, configuration, by: \.name)
            let (a, b) = (try first.matrix, try second.matrix)
            let isRotated = Self.isRotated(name, configuration)
            parts[name] = Part(
                base: base, a: a, b: b,
                order: isRotated
                    ? RowPermutation(headDimension: configuration.headDimension, isInverse: true) : nil,
                // An alpha of 0 stands for none, as llama.cpp has it.
                scale: alpha == 0 ? 1 : alpha / Float(a.rows))
        }
        try self.init(path: file.name, configuration: configuration, parts: parts)
    }
}
