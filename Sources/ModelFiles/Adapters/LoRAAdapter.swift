package import TensorCore

/// A LoRA adapter: for some matrices W of a base model the factors of what is added, W + scale · B · A.
///
/// Comes from a PEFT folder or a GGUF file, and is held in the order of rows that Hugging Face checkpoints have.
public struct LoRAAdapter: Sendable {
    /// The addition to one matrix.
    package struct Part: Sendable {
        /// The matrix it is for.
        package let base: ModelConfiguration.RequiredTensor
        /// rank × columns.
        package let a: Matrix
        /// rows × rank.
        package let b: Matrix
        /// Where row `index` of W, in a checkpoint's order, is in `b`; nil for the same place.
        package var order: RowPermutation?
        /// What the product is multiplied with.
        package let scale: Float

        package var rank: Int { a.rows }
    }

    /// Where it comes from.
    package let path: String
    /// The base model's hyper-parameters.
    package let configuration: ModelConfiguration
    /// One part for each matrix that is changed, in the order of the base model's tensors.
    package let parts: [Part]

    /// Number of matrices that are changed.
    public var count: Int { parts.count }

    /// The adapter at `path`, a PEFT folder or a GGUF file, for a base model.
    /// - Throws: ``AdapterError``, and what reading the files throws.
    public static func open(path: String, base: ModelConfiguration) throws -> LoRAAdapter {
        if FileSystem.exists(FileSystem.join(path, "adapter_config.json")) || FileSystem.isFolder(path) {
            return try LoRAAdapter(peft: path, base: base)
        }
        return try LoRAAdapter(gguf: GGUFFile(path: path), base: base)
    }

    /// Checks the parts against the base model and each other, and puts them in order.
    init(path: String, configuration: ModelConfiguration, parts: [String: Part]) throws {
        self.path = path
        self.configuration = configuration
        guard !parts.isEmpty else { throw AdapterError.empty(path) }
        for (name, part) in parts {
            guard (1...AdapterError.largestRank).contains(part.rank) else { throw AdapterError.rank(name, part.rank) }
            guard part.a.columns == part.base.columns else {
                throw AdapterError.wrongShape(
                    name + ".lora_a", found: [part.a.rows, part.a.columns], expected: [part.rank, part.base.columns])
            }
            guard part.b.rows == part.base.rows, part.b.columns == part.rank else {
                throw AdapterError.wrongShape(
                    name + ".lora_b", found: [part.b.rows, part.b.columns], expected: [part.base.rows, part.rank])
            }
            guard part.scale.isFinite else { throw AdapterError.alpha(path) }
        }
        self.parts = configuration.requiredTensors.compactMap { parts[$0.name] }
    }

    /// The matrix of the base model that `name` (in GGUF's words) is.
    static func base(
        _ name: String, _ configuration: ModelConfiguration, by key: KeyPath<ModelConfiguration.RequiredTensor, String>
    ) throws -> ModelConfiguration.RequiredTensor {
        guard let tensor = configuration.requiredTensors.first(where: { $0[keyPath: key] == name }) else {
            throw AdapterError.notInBase(name)
        }
        guard !tensor.isVector, tensor.name != "token_embd.weight", !tensor.name.hasSuffix("_norm.weight") else {
            throw AdapterError.unsupported("an adapter of \(name), which is not multiplied with,")
        }
        return tensor
    }

    /// Whether rows of a matrix are in another order in GGUF files.
    package static func isRotated(_ name: String, _ configuration: ModelConfiguration) -> Bool {
        configuration.architecture == .llama && (name.hasSuffix(".attn_q.weight") || name.hasSuffix(".attn_k.weight"))
    }
}
