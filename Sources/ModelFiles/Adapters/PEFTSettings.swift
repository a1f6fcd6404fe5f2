import TensorCore

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
        path = FileSystem.join(folder, "adapter_config.json")
        guard FileSystem.exists(path) else {
            throw AdapterError.missingFile(folder: folder, name: "adapter_config.json")
        }
        let bytes = try ByteStore.mapping(path).withBytes { $0.withUnsafeBytes { [UInt8]($0) } }
        do {
            let config = try JSONValue(parsing: bytes).asObject()
            let kind = try config.string("peft_type") ?? "LORA"
            guard kind == "LORA" else { throw AdapterError.unsupported("an adapter of the type \(kind)") }
            try Self.refuseOtherMethods(config)
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
            ranks = try Self.patterns("rank_pattern", config)
            alphas = try Self.patterns("alpha_pattern", config)
        } catch let error as JSONError {
            // JSON has no NaN; Python writes it all the same.
            let text = String(decoding: bytes, as: UTF8.self)
            guard !text.contains("NaN"), !text.contains("Infinity") else { throw AdapterError.alpha(path) }
            throw AdapterError.malformed(path, error)
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

    /// Refuses what has the files of an adapter and computes something else with them.
    private static func refuseOtherMethods(_ config: JSONObject) throws {
        for key in ["use_dora", "fan_in_fan_out", "lora_bias", "use_qalora"] where try config.bool(key) ?? false {
            throw AdapterError.unsupported("an adapter with \(key)")
        }
        for key in [
            "layer_replication", "alora_invocation_tokens", "arrow_config", "use_bdlora", "kasa_config",
            "monteclora_config",
        ] where config.value(key) != nil {
            throw AdapterError.unsupported("an adapter with \(key)")
        }
        // These take part of the base model's weights over, and the adapter is the difference to what is left.
        if case .string(let method)? = config.value("init_lora_weights"),
            ["pissa", "olora", "corda", "loftq", "lora_ga"].contains(where: method.hasPrefix)
        {
            throw AdapterError.unsupported("an adapter made with \(method), which changes the base model,")
        }
    }

    /// Values by the names of layers, or their ends. PEFT takes the names for regular expressions; here they are names.
    private static func patterns(_ key: String, _ config: JSONObject) throws -> JSONObject {
        let patterns = try config.object(key) ?? JSONObject()
        for name in patterns.members.map(\.key) where name.contains(where: { #"^$*+?[](){}|\"#.contains($0) }) {
            throw AdapterError.unsupported("an adapter whose \(key) has the regular expression \(name)")
        }
        return patterns
    }

    /// The value for the key that a layer's name is or ends with.
    private static func pattern(_ patterns: JSONObject, _ module: String) -> JSONValue? {
        patterns.members.first { $0.key == module || module.hasSuffix("." + $0.key) }?.value
    }
}
