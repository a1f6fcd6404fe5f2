public import ModelFiles
import TensorCore
import Tokenization

/// Turns a GGUF file into a Hugging Face checkpoint folder: safetensors, `config.json`, tokenizer, chat template.
///
///     try ModelExporter(GGUFFile(path: "zephyr.gguf"), type: .bf16).export(to: "zephyr")
///
/// Quantized tensors are dequantized. Weights are streamed, so memory stays small whatever the model's size.
public struct ModelExporter: Sendable {
    /// The model.
    public let checkpoint: Checkpoint
    /// What all tensors are stored as.
    public let type: ConversionType
    /// Threads that compute.
    public var threads = ThreadPool.defaultThreadCount
    /// LoRA adapters to add to the weights.
    public var adapters: [AppliedAdapter] = []

    private let file: GGUFFile
    private let vocabulary: ExportedVocabulary

    /// Bytes of tensors that a safetensors file has at most, unless a single tensor is larger.
    public static let defaultShardBytes = 5_000_000_000

    /// An export of `file`.
    /// - Parameter type: f32, f16 or bf16; nil for that of the embeddings, f16 when they are quantized.
    /// - Throws: ``ConversionError`` for other types, and what opening the model throws.
    public init(_ file: GGUFFile, type: ConversionType? = nil) throws {
        self.file = file
        checkpoint = try Checkpoint(gguf: file)
        vocabulary = try ExportedVocabulary(file.metadata)
        self.type = try type ?? ConversionType(keeping: checkpoint.shape(of: "token_embd.weight").type)
        guard self.type != .q8_0 else { throw ConversionError.notStorable("q8_0") }
    }

    /// Writes the folder. It appears at `path` only when it is whole.
    /// - Parameters:
    ///   - overwrite: Whether a checkpoint that is there already is replaced.
    ///   - shardBytes: Bytes of tensors in a file.
    ///   - progress: Told how many bytes of tensors of how many are written.
    /// - Throws: ``ConversionError``, ``FileError`` and ``SafetensorsError``.
    public func export(
        to path: String, overwrite: Bool = false, shardBytes: Int = defaultShardBytes,
        progress: ((_ done: Int, _ total: Int) -> Void)? = nil
    ) throws {
        try OutputFolder.check(path, overwrite: overwrite)
        let sideFiles = try sideFiles()
        let folder = try PartialFolder(path: path)
        for (name, bytes) in sideFiles { try folder.write(bytes, as: name) }
        try writeWeights(folder, shardBytes, progress)
        try folder.commit()
    }

    // MARK: Weights

    private func writeWeights(
        _ folder: PartialFolder, _ shardBytes: Int, _ progress: ((_ done: Int, _ total: Int) -> Void)?
    ) throws {
        let tensors = try tensors()
        let sizes = tensors.map(\.byteCount)
        let total = sizes.reduce(0, +)
        let plan = ShardPlan(sizes: sizes, limit: shardBytes)
        var map: [(name: String, shard: String)] = []
        var done = 0
        for (index, shard) in plan.shards.enumerated() {
            // The order they have in the file, so that they are encoded ahead of the writer.
            let ordered = shard.map { tensors[$0] }.sorted {
                $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
            }
            var writer = SafetensorsWriter()
            let pipeline = EncodingPipeline(threads: threads)
            for tensor in ordered {
                let place = pipeline.append(tensor.encoder)
                try writer.add(
                    tensor.name, type: SafetensorsType(type.tensorType) ?? .f32, shape: tensor.shape
                ) { sink in
                    try pipeline.deliver(place) { bytes in
                        try sink.write(bytes)
                        done += bytes.byteCount
                        progress?(done, total)
                    }
                }
                map.append((tensor.name, plan.name(index)))
            }
            try writer.write(to: "\(folder.partialPath)/\(plan.name(index))")
        }
        guard plan.shards.count > 1 else { return }
        var names = JSONObject()
        for (name, shard) in map.sorted(by: { $0.name < $1.name }) { names[name] = .string(shard) }
        let index: JSONValue = [
            "metadata": [
                "total_parameters": .integer(Int64(checkpoint.parameterCount)), "total_size": .integer(Int64(total)),
            ],
            "weight_map": .object(names),
        ]
        try folder.write(try index.encoded(pretty: true), as: "model.safetensors.index.json")
    }

    private struct ExportedTensor {
        let name: String
        let shape: [Int]
        let encoder: TensorEncoder
        var byteCount: Int { encoder.target.byteCount(of: shape.reduce(1, *)) ?? 0 }
    }

    private func tensors() throws -> [ExportedTensor] {
        let configuration = checkpoint.configuration
        let back =
            configuration.architecture == .llama
            ? RowPermutation(headDimension: configuration.headDimension, isInverse: true) : nil
        var result: [ExportedTensor] = []
        for required in configuration.requiredTensors {
            let (name, target) = (required.huggingFaceName, type.tensorType)
            let matrix = try checkpoint.tensor(required.name)
            if required.isPerHeadNorm {
                let prefix = name.dropLast("weight".count)
                for head in 0..<matrix.rows {
                    let encoder = TensorEncoder(
                        name: required.name, source: try matrix.rowSlice(head, required.name), target: target)
                    result.append(
                        ExportedTensor(
                            name: "\(prefix)norms.\(head).weight", shape: [matrix.columns], encoder: encoder))
                }
                continue
            }
            let isRotated = [".attn_q.", ".attn_k."].contains { required.name.contains($0) }
            var source: any RowSource = MatrixRows(matrix, order: isRotated && !required.isVector ? back : nil)
            if isRotated, required.isVector, let back { source = VectorRows(matrix, order: back) }
            for adapter in adapters { source = try adapter.merged(source, required, order: nil) }
            result.append(
                ExportedTensor(
                    name: name, shape: required.isVector ? [matrix.columns] : [matrix.rows, matrix.columns],
                    encoder: TensorEncoder(name: required.name, source: source, target: target)))
        }
        return result
    }

    // MARK: Side files

    private func sideFiles() throws -> [(name: String, bytes: [UInt8])] {
        let factors =
            try checkpoint.configuration.hasRopeFactors
            ? checkpoint.tensor("rope_freqs.weight").dequantizedRow(0) : nil
        var configuration = ExportedConfiguration(
            configuration: checkpoint.configuration, vocabulary: vocabulary, ropeFactors: factors, type: type)
        for name in ["eot", "eom"] {
            if let id = try file.metadata.int("tokenizer.ggml.\(name)_token_id") { configuration.endTokens.append(id) }
        }
        var files: [(String, [UInt8])] = [
            ("config.json", try configuration.config().encoded(pretty: true)),
            ("generation_config.json", try configuration.generation().encoded(pretty: true)),
            ("tokenizer.json", try ExportedTokenizer(vocabulary: vocabulary).json()),
        ]
        if vocabulary.isSentencePiece {
            files.append(("tokenizer.model", try ExportedSentencePiece(vocabulary: vocabulary).bytes()))
        }
        let settings = ExportedTokenizerSettings(
            vocabulary: vocabulary, contextLength: checkpoint.configuration.contextLength)
        files.append(("tokenizer_config.json", try settings.config().encoded(pretty: true)))
        files.append(("special_tokens_map.json", try settings.specialTokens().encoded(pretty: true)))
        if let template = try file.metadata.string("tokenizer.chat_template") {
            files.append(("chat_template.jinja", Array(template.utf8)))
        }
        if let license = try file.metadata.string("general.license") {
            files.append(("README.md", Array("---\nlicense: \(license.filter { $0 != "\n" })\n---\n".utf8)))
        }
        return files
    }
}

extension ModelConfiguration.RequiredTensor {
    /// Whether it holds a norm for each head, which checkpoints keep as tensors of their own.
    fileprivate var isPerHeadNorm: Bool { !isVector && name.hasSuffix("_norm.weight") }
}

extension Matrix {
    /// A row as a matrix of its own.
    fileprivate func rowSlice(_ row: Int, _ name: String) throws -> Matrix {
        let start = data.range.lowerBound + row * bytesPerRow
        guard let region = ByteRegion(data.store, start..<start + bytesPerRow),
            let matrix = Matrix(type: type, rows: 1, columns: columns, data: region)
        else { throw CheckpointError.missingTensor(name) }
        return matrix
    }
}
