public import ModelFiles
import TensorCore

/// Converts a Hugging Face checkpoint to a GGUF file: weights, hyper-parameters, tokenizer and chat template.
///
///     let folder = try HuggingFaceFolder(path: "stablelm-2-zephyr-1_6b")
///     try ModelConverter(folder, type: .q8_0).convert(to: "zephyr.gguf")
///
/// Tensors are read from the mapped checkpoint and written a piece at a time, so memory stays small whatever the model's
/// size. What the result holds is what llama.cpp's converter writes for these architectures; where it differs, the
/// documentation of formats says why.
public struct ModelConverter: Sendable {
    /// The checkpoint.
    public let checkpoint: Checkpoint
    /// What matrices are stored as, where there is no ``mix``.
    public let type: ConversionType
    /// The recipe that says what each matrix is stored as; nil for one type for all.
    public var mix: QuantizationMix?
    /// Whether matrices of a GPTQ checkpoint keep their codes, as Q4_1 and Q8_0, where these hold them.
    public var keepsCodes = false
    /// The `general.` keys.
    public var identity: ModelIdentity
    /// Threads that encode.
    public var threads = ThreadPool.defaultThreadCount

    /// LoRA adapters to add to the weights.
    public var adapters: [AppliedAdapter] = []

    private let folder: HuggingFaceFolder

    /// A conversion of the checkpoint in `folder`.
    /// - Parameter identity: Name and licence; from the folder when nil.
    /// - Throws: ``CheckpointError``, ``ConfigurationError`` and ``SafetensorsError`` for a damaged checkpoint.
    public init(_ folder: HuggingFaceFolder, type: ConversionType, identity: ModelIdentity? = nil) throws {
        self.folder = folder
        checkpoint = try Checkpoint(huggingFace: folder)
        self.type = type
        self.identity = identity ?? ModelIdentity(folder: folder)
    }

    /// Everything the file will say except the tensors.
    /// - Throws: ``ConversionError``, and the tokenizer's errors for one that is malformed or not supported.
    public func metadata() throws -> GGUFMetadata {
        let configuration = checkpoint.configuration
        var metadata = GGUFMetadata(file: folder.path)
        metadata["general.architecture"] = .string(configuration.architecture.rawValue)
        identity.write(to: &metadata, parameters: checkpoint.parameterCount)
        configuration.write(to: &metadata, hasExplicitHeadDimension: folder.config.value("head_dim") != nil)
        metadata["general.file_type"] = .uint32(fileType)
        metadata["general.quantization_version"] = .uint32(2)
        let tokenizer = try TokenizerFile(in: folder)
        try vocabulary(tokenizer).write(to: &metadata)
        try SpecialTokens(
            in: folder, tokenizer: tokenizer, vocabularySize: configuration.vocabularySize
        ).write(to: &metadata)
        try ConvertedTemplates(in: folder).write(to: &metadata)
        return metadata
    }

    /// Writes the file. It appears at `path` only when it is whole.
    /// - Parameters:
    ///   - overwrite: Whether a file that is there already is replaced.
    ///   - split: How to cut the model into several files, if at all.
    ///   - progress: Told how many bytes of tensors of how many are written.
    /// - Returns: Paths of the files written.
    /// - Throws: ``ConversionError``, ``GGUFError``, and the tokenizer's errors.
    @discardableResult
    public func convert(
        to path: String, overwrite: Bool = false, split: GGUFSplit? = nil,
        progress: ((_ done: Int, _ total: Int) -> Void)? = nil
    ) throws -> [String] {
        guard overwrite || !OutputFile.exists(path) else { throw ConversionError.exists(path) }
        return try writer().write(to: path, split: split, overwrite: overwrite, progress: progress)
    }

    /// The file, ready to be written.
    /// - Throws: As ``metadata()``.
    public func writer() throws -> GGUFWriter {
        var writer = GGUFWriter(metadata: try metadata())
        let configuration = checkpoint.configuration
        let plan = try mix.map {
            try QuantizationPlan($0, preset: configuration, options: QuantizationOptions()).entries
        }
        let types = Dictionary(
            (plan ?? []).map { ($0.name, $0.type) }, uniquingKeysWith: { first, _ in first })
        let factors = RopeFactors.llama3(configuration)
        var names = (factors == nil ? [] : [Self.ropeFactors]) + (plan?.map(\.name) ?? checkpoint.tensorNames)
        if mix != nil { names.sort { TensorOrder($0) < TensorOrder($1) } }
        let permutation =
            configuration.architecture == .llama ? RowPermutation(headDimension: configuration.headDimension) : nil
        let pipeline = EncodingPipeline(threads: threads)
        let required = Dictionary(
            configuration.requiredTensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        for name in names {
            if let factors, name == Self.ropeFactors {
                let bytes = factors.map(\.bitPattern.littleEndian).withUnsafeBytes { [UInt8]($0) }
                try writer.add(name, type: .f32, dimensions: [factors.count], data: ByteRegion(.copying(bytes)))
                continue
            }
            let shape = try checkpoint.shape(of: name)
            let isVector = shape.rows == 1 && (name.hasSuffix(".bias") || name.hasSuffix("norm.weight"))
            let keepsPrecision = isVector || name.hasSuffix("_norm.weight")
            let isRotated = name.hasSuffix(".attn_q.weight") || name.hasSuffix(".attn_k.weight")
            let isRotatedBias = name.hasSuffix(".attn_q.bias") || name.hasSuffix(".attn_k.bias")
            let order = isRotated || isRotatedBias ? permutation : nil
            var source: any RowSource
            if let packed = checkpoint.packed(name) {
                source = GPTQRows(matrix: packed, order: order)
            } else {
                let matrix = try checkpoint.tensor(name)
                source = MatrixRows(
                    isRotatedBias && order != nil ? try Self.column(matrix, name) : matrix, order: order)
            }
            if let tensor = required[name] {
                for adapter in adapters { source = try adapter.merged(source, tensor, order: order) }
            }
            let target =
                keepsPrecision
                ? .f32 : types[name] ?? codedType(name) ?? type.tensorType(columns: shape.columns)
            let place = pipeline.append(TensorEncoder(name: name, source: source, target: target))
            try writer.add(
                name, type: target, dimensions: isVector ? [shape.columns] : [shape.columns, shape.rows]
            ) { sink in try pipeline.deliver(place, to: sink) }
        }
        return writer
    }

    /// The type that keeps the codes of a GPTQ matrix, where they are kept.
    private func codedType(_ name: String) -> TensorType? {
        guard keepsCodes, adapters.isEmpty, let packed = checkpoint.packed(name), packed.type.isQuantized else {
            return nil
        }
        return packed.type
    }

    /// What `general.file_type` says.
    private var fileType: UInt32 {
        if let mix { return mix.fileType }
        switch checkpoint.tensorNames.lazy.compactMap({ codedType($0) }).first {
        case .q4_1?: return 3
        case .q8_0?: return 7
        default: return type.fileType
        }
    }

    private static let ropeFactors = "rope_freqs.weight"

    /// A vector as a column, whose rows can change places.
    private static func column(_ vector: Matrix, _ name: String) throws(CheckpointError) -> Matrix {
        guard let column = Matrix(type: vector.type, rows: vector.columns, columns: 1, data: vector.data) else {
            throw .wrongShape(name, found: [vector.rows, vector.columns], expected: [1, vector.columns])
        }
        return column
    }

    private func vocabulary(_ tokenizer: TokenizerFile?) throws -> ConvertedVocabulary {
        let size = checkpoint.configuration.vocabularySize
        var vocabulary: ConvertedVocabulary
        if checkpoint.configuration.architecture == .llama, let pieces = try SentencePieceFile(in: folder) {
            vocabulary = try .pieces(pieces, in: folder, size: size)
        } else if let tokenizer, tokenizer.hasByteFallback {
            vocabulary = try .piecesWithMerges(tokenizer, in: folder, size: size)
        } else if let tokenizer {
            vocabulary = try .bytePairs(tokenizer, in: folder, size: size)
        } else {
            throw ConversionError.noTokenizer(folder: folder.path)
        }
        if checkpoint.configuration.architecture == .llama,
            case .bool(let flag) = try folder.json(.tokenizerConfig)?["add_prefix_space"]
        {
            vocabulary.addsSpacePrefix = flag
        }
        return vocabulary
    }
}
