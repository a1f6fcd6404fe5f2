/// The hyper-parameters of a decoder, the same whether they come from a GGUF file or a Hugging Face folder.
///
/// One description covers the StableLM generations and Llama-shaped models: they differ in norms, rotary share and pairing,
/// biases, grouped heads, residual layout and window, not in structure.
public struct ModelConfiguration: Sendable, Equatable {
    /// Families of models this program runs.
    public enum Architecture: String, Sendable, CaseIterable {
        /// StableLM 3B, StableLM 2 1.6B and 12B: LayerNorm, partial rotary embedding.
        case stablelm
        /// Llama, Mistral, Zephyr 7B, TinyLlama: RMSNorm, full rotary embedding.
        case llama
    }

    /// Kinds of normalisation.
    public enum NormKind: Sendable, Equatable {
        /// Mean and variance, with weight and bias.
        case layer
        /// Root of the mean square, with weight.
        case rms
    }

    /// Which two numbers of a head a rotation turns.
    public enum RotaryPairing: Sendable, Equatable {
        /// i and i + rotaryDimensions / 2 (GPT-NeoX; every Hugging Face checkpoint).
        case halves
        /// 2i and 2i + 1 (Llama GGUF files, whose q and k rows are permuted for it).
        case adjacent
    }

    /// The family.
    public var architecture: Architecture
    /// Rows of the embedding table; tokens beyond the tokenizer's are padding.
    public var vocabularySize: Int
    /// Width of the residual stream.
    public var embeddingLength: Int
    /// Number of blocks.
    public var layerCount: Int
    /// Width of the gated MLP.
    public var feedForwardLength: Int
    /// Number of query heads.
    public var headCount: Int
    /// Number of key and value heads; divides `headCount`.
    public var keyValueHeadCount: Int
    /// Width of a head.
    public var headDimension: Int
    /// How many numbers of a head, from its start, are rotated. Even.
    public var rotaryDimensions: Int
    /// Which numbers a rotation pairs.
    public var rotaryPairing: RotaryPairing
    /// Base of the geometric series of frequencies.
    public var ropeBase: Double
    /// How frequencies are stretched.
    public var ropeScaling: RopeScaling
    /// Whether a tensor `rope_freqs.weight` divides each frequency (Llama 3 as GGUF).
    public var hasRopeFactors: Bool
    /// Kind of all norms of the residual stream.
    public var norm: NormKind
    /// What is added to a variance before its root is taken.
    public var normEpsilon: Float
    /// Positions the model was trained for.
    public var contextLength: Int
    /// How many positions back, itself included, a token attends to; nil for all.
    public var slidingWindow: Int?
    /// Whether attention and MLP both read the first norm and are added together.
    public var parallelResidual: Bool
    /// Whether q, k and v projections have a bias.
    public var qkvBias: Bool
    /// Whether the attention output projection has a bias (rare Llama variants).
    public var attentionOutputBias: Bool
    /// Whether each head of q and k has a LayerNorm without bias, applied before rotation (StableLM 2 12B).
    public var qkNorm: Bool
    /// Whether the output matrix is the embedding table.
    public var tiedEmbeddings: Bool

    /// A configuration as given; ``validate()`` says whether it makes sense.
    public init(
        architecture: Architecture, vocabularySize: Int, embeddingLength: Int, layerCount: Int, feedForwardLength: Int,
        headCount: Int, keyValueHeadCount: Int, headDimension: Int, rotaryDimensions: Int,
        rotaryPairing: RotaryPairing, ropeBase: Double = 10000, ropeScaling: RopeScaling = .none,
        hasRopeFactors: Bool = false, norm: NormKind, normEpsilon: Float = 1e-5, contextLength: Int,
        slidingWindow: Int? = nil, parallelResidual: Bool = false, qkvBias: Bool = false,
        attentionOutputBias: Bool = false, qkNorm: Bool = false, tiedEmbeddings: Bool = false
    ) {
        self.architecture = architecture
        self.vocabularySize = vocabularySize
        self.embeddingLength = embeddingLength
        self.layerCount = layerCount
        self.feedForwardLength = feedForwardLength
        self.headCount = headCount
        self.keyValueHeadCount = keyValueHeadCount
        self.headDimension = headDimension
        self.rotaryDimensions = rotaryDimensions
        self.rotaryPairing = rotaryPairing
        self.ropeBase = ropeBase
        self.ropeScaling = ropeScaling
        self.hasRopeFactors = hasRopeFactors
        self.norm = norm
        self.normEpsilon = normEpsilon
        self.contextLength = contextLength
        self.slidingWindow = slidingWindow
        self.parallelResidual = parallelResidual
        self.qkvBias = qkvBias
        self.attentionOutputBias = attentionOutputBias
        self.qkNorm = qkNorm
        self.tiedEmbeddings = tiedEmbeddings
    }
}
