package import ModelFiles

/// A LoRA adapter (arXiv:2106.09685), ready to be added to a model's products while it answers.
///
/// For some matrices W of the model the result W·x becomes W·x + scale · B·(A·x). The model's weights stay as they are, so
/// any number of adapters can share one model, each request choosing among them (``AdapterSet``). An adapter belongs to
/// the model it was loaded for, and to others of the same configuration.
///
/// Its numbers are read into memory once, in the type that the files have (f32, f16, bf16); the files are not needed after
/// that.
public final class LoRA: Sendable {
    /// Where it comes from: a PEFT folder or a GGUF file.
    public let path: String
    /// Largest rank of its products.
    public let rank: Int
    /// Number of matrices that it changes.
    public let matrixCount: Int
    /// Bytes that it takes in memory.
    public let byteCount: Int
    /// Hyper-parameters of the model it was loaded for.
    package let configuration: ModelConfiguration
    /// Per block, what is added to each of its matrices.
    private let layers: [[AdaptedMatrix: Part]]

    /// The factors for one matrix and what their product is multiplied with.
    struct Part: Sendable {
        let factors: LowRankFactors
        let scale: Float
    }

    /// An adapter from `path`, a PEFT folder (`adapter_config.json`, `adapter_model.safetensors`) or a GGUF file.
    /// - Parameter model: The model it is for.
    /// - Throws: ``AdapterError`` for what does not fit the model or is not supported, ``GGUFError``,
    ///   `SafetensorsError`, ``FileError``, ``AllocationError``.
    @concurrent
    public static func load(_ path: String, for model: LanguageModel) async throws -> LoRA {
        try LoRA(contentsOf: path, for: model.configuration)
    }

    /// The same for a model that is known by its configuration.
    package convenience init(contentsOf path: String, for configuration: ModelConfiguration) throws {
        try self.init(LoRAAdapter.open(path: path, base: configuration))
    }

    /// An adapter from files that are open already.
    package init(_ adapter: LoRAAdapter) throws {
        path = adapter.path
        configuration = adapter.configuration
        rank = adapter.parts.map(\.rank).max() ?? 0
        matrixCount = adapter.count
        var parts: [String: Part] = [:]
        for part in adapter.parts {
            parts[part.base.name] = Part(factors: try Self.factors(part, of: adapter), scale: part.scale)
        }
        byteCount = parts.values.reduce(0) { $0 + $1.factors.byteCount }
        layers = (0..<configuration.layerCount).map { layer in
            var known: [AdaptedMatrix: Part] = [:]
            for matrix in AdaptedMatrix.allCases {
                known[matrix] = parts.removeValue(forKey: matrix.tensor(of: layer))
            }
            return known
        }
        // What is left would have no effect.
        if let name = parts.keys.min() {
            throw AdapterError.unsupported("an adapter of \(name), which is not multiplied with,")
        }
    }

    /// What is added to a matrix of block `layer`. The output matrix counts to the first block.
    func part(_ matrix: AdaptedMatrix, of layer: Int) -> Part? { layers[layer][matrix] }

    /// Whether all products stay finite numbers when they are multiplied with `scale`.
    func canScale(by scale: Float) -> Bool {
        layers.allSatisfy { $0.values.allSatisfy { ($0.scale * scale).isFinite } }
    }

    /// The factors with rows in the order that the base model's file has.
    private static func factors(_ part: LoRAAdapter.Part, of adapter: LoRAAdapter) throws -> LowRankFactors {
        for (half, matrix) in [("lora_a", part.a), ("lora_b", part.b)] {
            for row in 0..<matrix.rows where matrix.dequantizedRow(row).contains(where: { !$0.isFinite }) {
                throw AdapterError.notFinite("\(part.base.name).\(half)")
            }
        }
        let configuration = adapter.configuration
        let permuted = configuration.rotaryPairing == .adjacent && LoRAAdapter.isRotated(part.base.name, configuration)
        let order = permuted ? RowPermutation(headDimension: configuration.headDimension) : nil
        let factors = try LowRankFactors(a: part.a.copied(), b: part.b) { index in
            // First the checkpoint's row, then where the adapter keeps it.
            let row = order?.source(of: index) ?? index
            return part.order?.source(of: row) ?? row
        }
        guard let factors else { throw AdapterError.rank(part.base.name, part.rank) }
        return factors
    }
}

extension Matrix {
    /// The same in memory of its own: a file that somebody writes anew meanwhile must not change an answer, or end it.
    fileprivate func copied() throws -> Matrix {
        let bytes = data.withBytes { bytes in bytes.withUnsafeBytes { [UInt8]($0) } }
        guard let copy = Matrix(type: type, rows: rows, columns: columns, data: ByteRegion(.copying(bytes))) else {
            throw AllocationError(purpose: "adapter", bytes: bytes.count)
        }
        return copy
    }
}
