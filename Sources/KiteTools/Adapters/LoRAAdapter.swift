public import ModelFiles
import TensorCore

/// A LoRA adapter: for some matrices W of a base model the factors of what is added, W + scale · B · A.
///
/// Comes from a PEFT folder or a GGUF file, and is held in the order of rows that Hugging Face checkpoints have.
public struct LoRAAdapter: Sendable {
    /// The addition to one matrix.
    struct Part: Sendable {
        /// The matrix it is for.
        let base: ModelConfiguration.RequiredTensor
        /// rank × columns.
        let a: Matrix
        /// rows × rank.
        let b: Matrix
        /// Where row `index` of W, in a checkpoint's order, is in `b`; nil for the same place.
        var order: RowPermutation?
        /// What the product is multiplied with.
        let scale: Float

        var rank: Int { a.rows }
    }

    /// Where it comes from.
    let path: String
    /// The base model's hyper-parameters.
    let configuration: ModelConfiguration
    /// One part for each matrix that is changed, in the order of the base model's tensors.
    let parts: [Part]

    /// Number of matrices that are changed.
    public var count: Int { parts.count }

    /// The adapter at `path`, a PEFT folder or a GGUF file, for a base model.
    /// - Throws: ``AdapterError``, and what reading the files throws.
    public static func open(path: String, base: ModelConfiguration) throws -> LoRAAdapter {
        if OutputFile.exists("\(path)/adapter_config.json") || OutputFile.isFolder(path) {
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
    static func isRotated(_ name: String, _ configuration: ModelConfiguration) -> Bool {
        configuration.architecture == .llama && (name.hasSuffix(".attn_q.weight") || name.hasSuffix(".attn_k.weight"))
    }
}

/// An adapter with how much of it is added.
public struct AppliedAdapter: Sendable {
    /// The adapter.
    public let adapter: LoRAAdapter
    /// How much of it: 1 for what it was trained to be.
    public let weight: Float

    /// `adapter`, multiplied with `weight`.
    /// - Throws: ``AdapterError/scale(_:)`` for a weight that is not finite.
    public init(_ adapter: LoRAAdapter, weight: Float = 1) throws(AdapterError) {
        guard weight.isFinite else { throw .scale("\(weight)") }
        self.adapter = adapter
        self.weight = weight
    }

    /// `source` with what the adapter adds to it; itself where the adapter changes nothing.
    /// - Parameter order: The order in which `source` gives the rows of the checkpoint; nil for the checkpoint's own.
    func merged(
        _ source: any RowSource, _ tensor: ModelConfiguration.RequiredTensor, order: RowPermutation?
    ) throws -> any RowSource {
        guard let part = adapter.parts.first(where: { $0.base.name == tensor.name }) else { return source }
        return try MergedRows(base: source, part: part, weight: weight, order: order)
    }
}
