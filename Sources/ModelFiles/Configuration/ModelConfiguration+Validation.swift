extension ModelConfiguration {
    /// Names of the hyper-parameters in messages: what it is, its key in `config.json`, its key in GGUF.
    enum Name {
        static let vocabulary = "vocabulary size (vocab_size, token_embd.weight)"
        static let embedding = "embedding length (hidden_size, embedding_length)"
        static let layers = "layer count (num_hidden_layers, block_count)"
        static let feedForward = "feed-forward length (intermediate_size, feed_forward_length)"
        static let heads = "head count (num_attention_heads, attention.head_count)"
        static let keyValueHeads = "key-value head count (num_key_value_heads, attention.head_count_kv)"
        static let headDimension = "head dimension (head_dim, attention.key_length)"
        static let rotary = "rotary dimensions (partial_rotary_factor, rope.dimension_count)"
        static let ropeBase = "rope base (rope_theta, rope.freq_base)"
        static let scalingFactor = "rope scaling factor (factor, rope.scaling.factor)"
        static let scalingContext =
            "original context length (original_max_position_embeddings, rope.scaling.original_context_length)"
        static let epsilon = "norm epsilon (layer_norm_eps, rms_norm_eps, attention.layer_norm_epsilon)"
        static let context = "context length (max_position_embeddings, context_length)"
        static let window = "sliding window (sliding_window, attention.sliding_window)"
    }

    /// Checks that the numbers make a model.
    /// - Throws: ``ConfigurationError`` naming the first that does not.
    public func validate() throws(ConfigurationError) {
        try check(Name.vocabulary, vocabularySize, limit: 1 << 24)
        try check(Name.embedding, embeddingLength, limit: 1 << 20)
        try check(Name.layers, layerCount, limit: 1 << 12)
        try check(Name.feedForward, feedForwardLength, limit: 1 << 24)
        try check(Name.heads, headCount, limit: 1 << 12)
        try check(Name.keyValueHeads, keyValueHeadCount, limit: 1 << 12)
        try check(Name.headDimension, headDimension, limit: 1 << 12)
        try check(Name.rotary, rotaryDimensions, limit: 1 << 12)
        try check(Name.context, contextLength, limit: 1 << 30)
        if let slidingWindow { try check(Name.window, slidingWindow, limit: 1 << 30) }
        guard keyValueHeadCount <= headCount else {
            throw .exceeds(
                Name.keyValueHeads, value: "\(keyValueHeadCount)", limit: Name.heads, limitValue: "\(headCount)")
        }
        guard headCount % keyValueHeadCount == 0 else {
            throw .notDividing(
                Name.keyValueHeads, value: keyValueHeadCount, dividend: Name.heads, dividendValue: headCount)
        }
        guard rotaryDimensions <= headDimension else {
            throw .exceeds(
                Name.rotary, value: "\(rotaryDimensions)", limit: Name.headDimension, limitValue: "\(headDimension)")
        }
        guard rotaryDimensions % 2 == 0 else { throw .odd(Name.rotary, value: rotaryDimensions) }
        try check(Name.ropeBase, ropeBase)
        try check(Name.epsilon, Double(normEpsilon))
        try checkScaling()
    }

    private func checkScaling() throws(ConfigurationError) {
        switch ropeScaling {
        case .none: break
        case .linear(let factor): try check(Name.scalingFactor, factor)
        case .yarn(let yarn):
            try check(Name.scalingFactor, yarn.factor)
            try check(Name.scalingContext, yarn.originalContextLength, limit: 1 << 30)
            try check("YaRN beta_fast", yarn.betaFast)
            try check("YaRN beta_slow", yarn.betaSlow)
            try check("YaRN attention factor", yarn.attentionFactor)
            guard yarn.extrapolationFactor.isFinite else { throw .notFinite("YaRN extrapolation factor") }
            guard yarn.betaSlow <= yarn.betaFast else {
                throw .exceeds(
                    "YaRN beta_slow", value: "\(yarn.betaSlow)", limit: "beta_fast", limitValue: "\(yarn.betaFast)")
            }
        case .llama3(let factor, let low, let high, let context):
            try check(Name.scalingFactor, factor)
            try check("low_freq_factor", low)
            try check("high_freq_factor", high)
            try check(Name.scalingContext, context, limit: 1 << 30)
            guard low < high else {
                throw .exceeds("low_freq_factor", value: "\(low)", limit: "high_freq_factor", limitValue: "\(high)")
            }
        }
    }

    private func check(_ name: String, _ value: Int, limit: Int) throws(ConfigurationError) {
        guard value > 0 else { throw .notPositive(name, value: "\(value)") }
        guard value <= limit else { throw .tooLarge(name, value: value, limit: limit) }
    }

    private func check(_ name: String, _ value: Double) throws(ConfigurationError) {
        guard value.isFinite else { throw .notFinite(name) }
        guard value > 0 else { throw .notPositive(name, value: "\(value)") }
    }

    /// Width of a head when the file does not say: the embedding split evenly.
    static func derivedHeadDimension(embeddingLength: Int, headCount: Int) throws(ConfigurationError) -> Int {
        guard headCount > 0 else { throw .notPositive(Name.heads, value: "\(headCount)") }
        guard embeddingLength > 0 else { throw .notPositive(Name.embedding, value: "\(embeddingLength)") }
        guard embeddingLength % headCount == 0 else {
            throw .notDividing(
                Name.heads, value: headCount, dividend: Name.embedding, dividendValue: embeddingLength)
        }
        return embeddingLength / headCount
    }
}
