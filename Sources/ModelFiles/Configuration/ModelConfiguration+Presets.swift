extension ModelConfiguration {
    /// Shapes of published models by name, to try speed and memory without their weights: `stablelm-3b`,
    /// `stablelm-2-1_6b`, `stablelm-2-12b`, `zephyr-7b`.
    public static let presets: [(name: String, configuration: ModelConfiguration)] = [
        ("stablelm-3b", stablelm(vocabulary: 50304, embedding: 2560, layers: 32, feedForward: 6912, heads: 32)),
        (
            "stablelm-2-1_6b",
            stablelm(vocabulary: 100352, embedding: 2048, layers: 24, feedForward: 5632, heads: 32, qkvBias: true)
        ),
        (
            "stablelm-2-12b",
            stablelm(
                vocabulary: 100352, embedding: 5120, layers: 40, feedForward: 13824, heads: 32, keyValueHeads: 8,
                isParallel: true)
        ),
        (
            "zephyr-7b",
            ModelConfiguration(
                architecture: .llama, vocabularySize: 32000, embeddingLength: 4096, layerCount: 32,
                feedForwardLength: 14336, headCount: 32, keyValueHeadCount: 8, headDimension: 128,
                rotaryDimensions: 128, rotaryPairing: .adjacent, norm: .rms, contextLength: 32768)
        ),
    ]

    private static func stablelm(
        vocabulary: Int, embedding: Int, layers: Int, feedForward: Int, heads: Int, keyValueHeads: Int? = nil,
        qkvBias: Bool = false, isParallel: Bool = false
    ) -> ModelConfiguration {
        ModelConfiguration(
            architecture: .stablelm, vocabularySize: vocabulary, embeddingLength: embedding, layerCount: layers,
            feedForwardLength: feedForward, headCount: heads, keyValueHeadCount: keyValueHeads ?? heads,
            headDimension: embedding / heads, rotaryDimensions: embedding / heads / 4, rotaryPairing: .halves,
            norm: .layer, contextLength: 4096, parallelResidual: isParallel, qkvBias: qkvBias, qkNorm: isParallel)
    }
}
