import ModelFiles
import TensorCore

extension LoRAAdapter {
    /// The adapter in a PEFT folder: `adapter_config.json` and `adapter_model.safetensors`.
    init(peft path: String, base configuration: ModelConfiguration) throws {
        let settings = try PEFTSettings(folder: path)
        let weights = "\(path)/adapter_model.safetensors"
        guard OutputFile.exists(weights) else {
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

/// The name of a tensor in `adapter_model.safetensors`, taken apart.
struct PEFTName {
    /// The layer of the base model: `model.layers.0.self_attn.q_proj`.
    let module: String
    /// Whether it is A, which comes first.
    let isA: Bool

    static let prefix = "base_model.model."

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

/// What `adapter_config.json` says about scales.
struct PEFTSettings {
    private let path: String
    private let rank: Int
    private let alpha: Double
    /// Whether alpha is divided by the root of the rank, not the rank.
    private let usesRoot: Bool
    private let ranks: JSONObject
    private let alphas: JSONObject

    /// - Throws: ``AdapterError`` for settings that change the numbers and are not implemented.
    init(folder: String) throws {
        path = "\(folder)/adapter_config.json"
        guard OutputFile.exists(path) else {
            throw AdapterError.missingFile(folder: folder, name: "adapter_config.json")
        }
        let bytes = try ByteStore.mapping(path).withBytes { $0.withUnsafeBytes { [UInt8]($0) } }
        do {
            let config = try JSONValue(parsing: bytes).asObject()
            let kind = try config.string("peft_type") ?? "LORA"
            guard kind == "LORA" else { throw AdapterError.unsupported("an adapter of the type \(kind)") }
            for key in ["use_dora", "fan_in_fan_out", "lora_bias"] where try config.bool(key) ?? false {
                throw AdapterError.unsupported("an adapter with \(key)")
            }
            if let bias = try config.string("bias"), bias != "none" {
                throw AdapterError.unsupported("an adapter with bias \"\(bias)\"")
            }
            guard let rank = try config.int("r") else { throw JSONError(.missingKey("r")) }
            guard (1...AdapterError.largestRank).contains(rank) else { throw AdapterError.rank("\(folder)", rank) }
            self.rank = rank
            guard let alpha = try config.double("lora_alpha") else { throw JSONError(.missingKey("lora_alpha")) }
            guard alpha.isFinite else { throw AdapterError.alpha(path) }
            self.alpha = alpha
            usesRoot = try config.bool("use_rslora") ?? false
            ranks = try config.object("rank_pattern") ?? JSONObject()
            alphas = try config.object("alpha_pattern") ?? JSONObject()
        } catch let error as JSONError {
            // JSON has no NaN; Python writes it all the same.
            let text = String(decoding: bytes, as: UTF8.self)
            guard !text.contains("NaN"), !text.contains("Infinity") else { throw AdapterError.alpha(path) }
            throw ConversionError.tokenizer(file: path, "\(error)")
        }
    }

    /// What the product of a layer's factors is multiplied with.
    func scale(of module: String, rank: Int) throws -> Float {
        let expected = try Self.pattern(ranks, module)?.asInt() ?? self.rank
        guard rank == expected else { throw AdapterError.rank(module, rank) }
        let alpha = try Self.pattern(alphas, module)?.asDouble() ?? alpha
        let divisor = usesRoot ? Double(rank).squareRoot() : Double(rank)
        return Float(alpha / divisor)
    }

    /// The value for the key that a layer's name is or ends with.
    private static func pattern(_ patterns: JSONObject, _ module: String) -> JSONValue? {
        patterns.members.first { $0.key == module || module.hasSuffix("." + $0.key) }?.value
    }
}
