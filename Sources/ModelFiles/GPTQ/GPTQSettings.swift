/// How a GPTQ checkpoint was quantized: `quantization_config` of `config.json`, or `quantize_config.json` beside it.
package struct GPTQSettings: Sendable, Equatable {
    /// Bits of a code: 4 or 8.
    let bits: Int
    /// Columns that share a scale; nil when all of a row do.
    let groupSize: Int?
    /// What is added to a stored zero point: 1 in the original format, which stores them one too small; 0 in `gptq_v2`.
    let zeroOffset: Int

    /// - Throws: ``GPTQError`` for what is not AutoGPTQ's layout with 4 or 8 bits; ``JSONError``.
    package init(_ config: JSONObject) throws {
        bits = try config.int("bits") ?? 4
        guard bits == 4 || bits == 8 else { throw GPTQError.bits(bits) }
        let size = try config.int("group_size") ?? -1
        guard size > 0 || size == -1 else { throw GPTQError.groupSize(size) }
        groupSize = size > 0 ? size : nil
        switch try config.string("checkpoint_format") ?? "gptq" {
        case "gptq": zeroOffset = 1
        case "gptq_v2": zeroOffset = 0
        case let other: throw GPTQError.format(other)
        }
    }

    /// The settings of a checkpoint; nil when it is not quantized by GPTQ.
    init?(of folder: HuggingFaceFolder) throws {
        do {
            if let config = try folder.config.object("quantization_config") {
                guard try config.string("quant_method") == "gptq" else { return nil }
                try self.init(config)
            } else if let config = try folder.json(.quantizeConfig)?.asObject() {
                try self.init(config)
            } else {
                return nil
            }
        } catch let error as JSONError {
            throw ConfigurationError.json(error)
        }
    }
}
