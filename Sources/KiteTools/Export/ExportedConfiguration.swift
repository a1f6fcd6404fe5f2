import ModelFiles
import TensorCore

/// `config.json` and `generation_config.json` of a model in a GGUF file.
struct ExportedConfiguration {
    let configuration: ModelConfiguration
    let vocabulary: ExportedVocabulary
    /// What `rope_freqs.weight` divides the frequencies by; nil when there is no such tensor.
    let ropeFactors: [Float]?
    let type: ConversionType
    /// Ids besides the end token that end an answer.
    var endTokens: [Int] = []

    /// `config.json`, with the names that transformers of 4.38 and later reads.
    func config() throws -> JSONValue {
        let isStableLM = configuration.architecture == .stablelm
        var object = JSONObject()
        object["architectures"] = [isStableLM ? "StableLmForCausalLM" : "LlamaForCausalLM"]
        object["attention_dropout"] = 0.0
        for (name, key) in [("bos", "bos_token_id"), ("eos", "eos_token_id"), ("padding", "pad_token_id")] {
            object[key] = vocabulary.id(name).map { .integer(Int64($0)) } ?? JSONValue.null
        }
        object["hidden_act"] = "silu"
        object["hidden_size"] = integer(configuration.embeddingLength)
        object["initializer_range"] = 0.02
        object["intermediate_size"] = integer(configuration.feedForwardLength)
        object["max_position_embeddings"] = integer(configuration.contextLength)
        object["model_type"] = .string(isStableLM ? "stablelm" : "llama")
        object["num_attention_heads"] = integer(configuration.headCount)
        object["num_hidden_layers"] = integer(configuration.layerCount)
        object["num_key_value_heads"] = integer(configuration.keyValueHeadCount)
        object["rope_theta"] = number(configuration.ropeBase)
        object["rope_scaling"] = try ropeScaling() ?? JSONValue.null
        object["tie_word_embeddings"] = .bool(configuration.tiedEmbeddings)
        object["torch_dtype"] = .string(type.torchName)
        object["use_cache"] = true
        object["vocab_size"] = integer(configuration.vocabularySize)
        if isStableLM {
            guard !configuration.attentionOutputBias else {
                throw ConversionError.notExpressible("a bias after attention in a StableLM")
            }
            let share = Double(configuration.rotaryDimensions) / Double(configuration.headDimension)
            object["hidden_dropout"] = 0.0
            object["layer_norm_eps"] = number(configuration.normEpsilon)
            object["partial_rotary_factor"] = number(share)
            object["qk_layernorm"] = .bool(configuration.qkNorm)
            object["use_parallel_residual"] = .bool(configuration.parallelResidual)
            object["use_qkv_bias"] = .bool(configuration.qkvBias)
        } else {
            guard configuration.qkvBias == configuration.attentionOutputBias else {
                throw ConversionError.notExpressible("a bias in some projections of attention and not in others")
            }
            guard configuration.rotaryDimensions == configuration.headDimension else {
                throw ConversionError.notExpressible("a rotation of parts of a head in a Llama")
            }
            object["attention_bias"] = .bool(configuration.qkvBias)
            if configuration.headDimension * configuration.headCount != configuration.embeddingLength {
                object["head_dim"] = integer(configuration.headDimension)
            }
            object["mlp_bias"] = false
            object["rms_norm_eps"] = number(configuration.normEpsilon)
        }
        return .object(object)
    }

    /// `generation_config.json`.
    func generation() -> JSONValue {
        var object = JSONObject()
        object["_from_model_config"] = true
        if let id = vocabulary.id("bos") { object["bos_token_id"] = integer(id) }
        if let id = vocabulary.id("eos") {
            let all = [id] + endTokens.filter { $0 != id }
            object["eos_token_id"] = all.count == 1 ? integer(id) : .array(all.map(integer))
        }
        if let id = vocabulary.id("padding") { object["pad_token_id"] = integer(id) }
        return .object(object)
    }

    private func ropeScaling() throws -> JSONValue? {
        if let ropeFactors { return try Llama3Scaling.json(ropeFactors, configuration) }
        switch configuration.ropeScaling {
        case .none: return nil
        case .linear(let factor): return ["rope_type": "linear", "type": "linear", "factor": number(factor)]
        case .yarn(let yarn):
            return [
                "rope_type": "yarn", "type": "yarn", "factor": number(yarn.factor),
                "original_max_position_embeddings": integer(yarn.originalContextLength),
                "beta_fast": number(yarn.betaFast), "beta_slow": number(yarn.betaSlow),
                "attention_factor": number(yarn.attentionFactor),
            ]
        case .llama3: throw ConversionError.notExpressible("Llama 3's scaling without rope_freqs.weight")
        }
    }

    private func integer(_ value: Int) -> JSONValue { .integer(Int64(value)) }

    private func number(_ value: Double) -> JSONValue { .number(value) }

    /// The shortest decimal that reads back to the same `Float`: `1e-05`, not `9.999999747378752e-06`.
    private func number(_ value: Float) -> JSONValue { .number(Double("\(value)") ?? Double(value)) }
}

/// The four numbers of Llama 3's scaling, found again from what it makes of the frequencies.
///
/// A factor is 1 for wavelengths below L / high, `factor` above L / low, and 1 / ((1 − s) / factor + s) between, where
/// s = (L / wavelength − low) / (high − low). Only L / low and L / high count, so low is taken to be 1, as Llama 3 has it.
enum Llama3Scaling {
    /// The section `rope_scaling`.
    /// - Throws: ``ConversionError/notExpressible(_:)`` when no four numbers make `factors`.
    static func json(_ factors: [Float], _ configuration: ModelConfiguration) throws -> JSONValue {
        var candidates: [(factor: Double, high: Double, context: Int)] = []
        let factor = Double(factors.max() ?? 1)
        // Llama 3's own numbers, then lengths people choose.
        let lengths = [8192, configuration.contextLength] + (5...20).map { 1 << $0 }
        for context in lengths { candidates.append((factor, 4, context)) }
        if let solved = solve(factors, configuration, factor) { candidates.append(solved) }
        for candidate in candidates {
            var trial = configuration
            trial.hasRopeFactors = false
            trial.ropeScaling = .llama3(
                factor: candidate.factor, lowFrequencyFactor: 1, highFrequencyFactor: candidate.high,
                originalContextLength: candidate.context)
            guard let made = RopeFactors.llama3(trial), made.count == factors.count,
                zip(made, factors).allSatisfy({ abs($0 - $1) <= 1e-4 * abs($1) })
            else { continue }
            return [
                "rope_type": "llama3", "factor": .number(candidate.factor), "low_freq_factor": 1.0,
                "high_freq_factor": .number(candidate.high),
                "original_max_position_embeddings": .integer(Int64(candidate.context)),
            ]
        }
        throw ConversionError.notExpressible("rope_freqs.weight that no scaling of Llama 3's kind makes")
    }

    /// From two frequencies in between: s is linear in 1 / wavelength.
    private static func solve(
        _ factors: [Float], _ configuration: ModelConfiguration, _ factor: Double
    ) -> (factor: Double, high: Double, context: Int)? {
        let points = factors.enumerated().compactMap { index, value -> (x: Double, s: Double)? in
            guard Double(value) < factor * 0.9999, value > 1.0001, factor > 1 else { return nil }
            let frequency =
                1 / power(configuration.ropeBase, 2 * Double(index) / Double(configuration.rotaryDimensions))
            return (frequency / (2 * Double.pi), (1 / Double(value) - 1 / factor) / (1 - 1 / factor))
        }
        guard let first = points.first, let last = points.last else { return nil }
        if points.count == 1 { return (factor, 4, Int((3 * first.s + 1) / first.x)) }
        let slope = (first.s - last.s) / (first.x - last.x)
        let offset = first.s - slope * first.x
        guard offset < 0, slope > 0 else { return nil }
        let high = 1 - 1 / offset
        let context = (slope * (high - 1)).rounded()
        guard high.isFinite, (1...1e9).contains(context) else { return nil }
        let whole = high.rounded()
        return (factor, abs(high - whole) < 0.01 ? whole : high, Int(context))
    }
}
