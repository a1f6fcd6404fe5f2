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
    /// What matrices are stored as.
    public let type: ConversionType
    /// The `general.` keys.
    public var identity: ModelIdentity
    /// Threads that encode.
    public var threads = ThreadPool.defaultThreadCount

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
        metadata["general.file_type"] = .uint32(type.fileType)
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
        return try writer().write(to: path, split: split, progress: progress)
    }

    /// The file, ready to be written.
    /// - Throws: As ``metadata()``.
    public func writer() throws -> GGUFWriter {
        var writer = GGUFWriter(metadata: try metadata())
        let configuration = checkpoint.configuration
        if let factors = RopeFactors.llama3(configuration) {
            let bytes = factors.flatMap { factor in withUnsafeBytes(of: factor.bitPattern.littleEndian) { [UInt8]($0) }
            }
            try writer.add(
                "rope_freqs.weight", type: .f32, dimensions: [factors.count], data: ByteRegion(.copying(bytes)))
        }
        let permutation =
            configuration.architecture == .llama ? RowPermutation(headDimension: configuration.headDimension) : nil
        let pipeline = EncodingPipeline(threads: threads)
        for name in checkpoint.tensorNames {
            let tensor = try checkpoint.tensor(name)
            let isVector = tensor.rows == 1 && (name.hasSuffix(".bias") || name.hasSuffix("norm.weight"))
            let keepsPrecision = isVector || name.hasSuffix("_norm.weight")
            let isRotated = name.hasSuffix(".attn_q.weight") || name.hasSuffix(".attn_k.weight")
            let isRotatedBias = name.hasSuffix(".attn_q.bias") || name.hasSuffix(".attn_k.bias")
            let encoder = TensorEncoder(
                name: name,
                source: isRotatedBias && permutation != nil ? try Self.column(tensor, name) : tensor,
                target: keepsPrecision ? .f32 : type.tensorType(columns: tensor.columns),
                rowOrder: isRotated || isRotatedBias ? permutation : nil)
            let place = pipeline.append(encoder)
            try writer.add(
                name, type: encoder.target, dimensions: isVector ? [tensor.columns] : [tensor.columns, tensor.rows]
            ) { sink in try pipeline.deliver(place, to: sink) }
        }
        return writer
    }

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
