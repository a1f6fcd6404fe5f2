import TensorCore

extension LoRAAdapter {
    /// The adapter in a PEFT folder: `adapter_config.json` and `adapter_model.safetensors`.
    package init(peft path: String, base configuration: ModelConfiguration) throws {
        let settings = try PEFTSettings(folder: path)
        let weights = FileSystem.join(path, "adapter_model.safetensors")
        guard FileSystem.exists(weights) else {
            throw AdapterError.missingFile(folder: path, name: "adapter_model.safetensors")
        }
        let file = try SafetensorsFile(path: weights)
        var (firsts, seconds): ([String: SafetensorsTensor], [String: SafetensorsTensor]) = ([:], [:])
        for tensor in file.tensors {
            guard let name = PEFTName(tensor.name) else { throw AdapterError.unexpectedTensor(tensor.name) }
            if name.isA { firsts[name.module] = tensor } else { seconds[name.module] = tensor }
        }
        var parts: [String: Part] = [:]
        for module in Set(firsts.keys).union(seconds.keys) {
            guard let a = firsts[module] else { throw AdapterError.missingHalf("\(module).lora_A.weight") }
            guard let b = seconds[module] else { throw AdapterError.missingHalf("\(module).lora_B.weight") }
            let base = try Self.base("\(module).weight", configuration, by: \.huggingFaceName)
            // Before a matrix is made of it: one without rows is none.
            let rank = a.shape.first ?? 0
            guard rank > 0, rank <= AdapterError.largestRank else { throw AdapterError.rank(module, rank) }
            for (tensor, shape) in [(a, [rank, base.columns]), (b, [base.rows, rank])] where tensor.shape != shape {
                throw AdapterError.wrongShape(tensor.name, found: tensor.shape, expected: shape)
            }
            parts[base.name] = Part(
                base: base, a: try a.matrix, b: try b.matrix, scale: try settings.scale(of: module, rank: rank))
        }
        try self.init(path: path, configuration: configuration, parts: parts)
    }
}
