public import TensorCore

/// A model's weights and hyper-parameters, the same whether they come from GGUF or from a Hugging Face folder.
///
/// Tensors have the names GGUF gives them: `token_embd.weight`, `blk.N.attn_q.weight`, `output_norm.bias` … All that the
/// configuration calls for are there, with the right shapes: opening checks it. Their bytes stay in the mapped files.
public struct Checkpoint: Sendable {
    /// Where a model comes from.
    public enum Source: Sendable {
        /// A GGUF file.
        case gguf(GGUFFile)
        /// A checkpoint folder.
        case huggingFace(HuggingFaceFolder)
    }

    /// Where the model comes from.
    public let source: Source
    /// Its hyper-parameters.
    public let configuration: ModelConfiguration
    /// Things a user may want to know, one line each: tensors that are not used.
    public let warnings: [String]
    /// Names of all tensors in use: embeddings, blocks in order, output.
    public let tensorNames: [String]
    private let tensors: [String: Stored]

    /// A tensor as the files have it.
    enum Stored: Sendable {
        /// Ready for use.
        case matrix(Matrix)
        /// To be unpacked first.
        case gptq(GPTQMatrix)
    }

    /// A checkpoint of tensors that have canonical names and the shapes that the configuration calls for.
    package init(
        source: Source, configuration: ModelConfiguration, tensors: [(name: String, matrix: Matrix)], warnings: [String]
    ) {
        self.init(
            source: source, configuration: configuration, stored: tensors.map { ($0.name, .matrix($0.matrix)) },
            warnings: warnings)
    }

    init(
        source: Source, configuration: ModelConfiguration, stored tensors: [(name: String, stored: Stored)],
        warnings: [String]
    ) {
        self.source = source
        self.configuration = configuration
        self.warnings = warnings
        tensorNames = tensors.map(\.name)
        self.tensors = Dictionary(tensors.map { ($0.name, $0.stored) }, uniquingKeysWith: { first, _ in first })
    }

    /// Opens a GGUF file (of a split model, any part) or a checkpoint folder.
    /// - Throws: ``CheckpointError``, ``ConfigurationError``, ``GGUFError``, ``SafetensorsError`` or ``FileError``, each
    ///   with what is wrong and where.
    public static func open(path: String) throws -> Checkpoint {
        guard FileSystem.exists(path) else { throw CheckpointError.notFound(path) }
        if FileSystem.isFolder(path) { return try Checkpoint(huggingFace: HuggingFaceFolder(path: path)) }
        if path.hasSuffix(".safetensors") || path.hasSuffix(".safetensors.index.json") {
            throw CheckpointError.safetensorsAlone(path)
        }
        return try Checkpoint(gguf: GGUFFile(path: path))
    }

    /// Whether the model has the tensor `name`, one of ``tensorNames``.
    public func hasTensor(_ name: String) -> Bool { tensors[name] != nil }

    /// The tensor called `name`. Vectors are matrices of one row; per-head norms have a row for each head.
    ///
    /// A matrix of a GPTQ checkpoint is unpacked into fresh memory each time it is asked for.
    /// - Throws: ``CheckpointError/missingTensor(_:)``; ``GPTQError`` for damaged scales.
    public func tensor(_ name: String) throws -> Matrix {
        switch tensors[name] {
        case nil: throw CheckpointError.missingTensor(name)
        case .matrix(let matrix)?: return matrix
        case .gptq(let packed)?: return try packed.unpacked()
        }
    }

    /// The type that ``tensor(_:)`` gives the tensor called `name`, and its sizes.
    /// - Throws: ``CheckpointError/missingTensor(_:)``.
    public func shape(of name: String) throws(CheckpointError) -> (type: TensorType, rows: Int, columns: Int) {
        switch tensors[name] {
        case nil: throw CheckpointError.missingTensor(name)
        case .matrix(let matrix)?: return (matrix.type, matrix.rows, matrix.columns)
        case .gptq(let packed)?: return (packed.type, packed.rows, packed.columns)
        }
    }

    /// The tensor called `name` where it is packed the way GPTQ does; nil for all others.
    package func packed(_ name: String) -> GPTQMatrix? {
        guard case .gptq(let packed)? = tensors[name] else { return nil }
        return packed
    }

    /// The bytes that tensors lie in as they are used, each once: a file for each part of the model.
    public var stores: [ByteStore] {
        var seen: Set<ObjectIdentifier> = []
        return tensorNames.compactMap { name in
            guard case .matrix(let matrix)? = tensors[name] else { return nil }
            return matrix.data.store
        }.filter { seen.insert(ObjectIdentifier($0)).inserted }
    }

    /// Number of weights.
    public var parameterCount: Int {
        tensorNames.compactMap { try? shape(of: $0) }.reduce(0) { $0 + $1.rows * $1.columns }
    }

    /// Bytes of all tensors in use.
    public var tensorByteCount: Int {
        tensorNames.compactMap { try? shape(of: $0) }.reduce(0) {
            $0 + ($1.type.byteCount(of: $1.columns) ?? 0) * $1.rows
        }
    }

    /// Says in a line which tensors are not used; nothing when there are none.
    static func warnings(unused names: [String]) -> [String] {
        guard !names.isEmpty else { return [] }
        let shown = names.prefix(3).joined(separator: ", ")
        let more = names.count > 3 ? " and \(names.count - 3) more" : ""
        return ["tensors that this architecture does not use are ignored: \(shown)\(more)"]
    }
}
