public import ModelFiles
import TensorCore

/// One call of `kite convert`: from what lies at the input and what the output is called follows what is done.
public struct ConversionJob: Sendable {
    /// What came of it.
    public struct Result: Sendable {
        /// What was written.
        public var paths: [String]
        /// What it is, in a few words.
        public var summary: String
        /// Things a user may want to know.
        public var warnings: [String] = []
    }

    private let input: String
    private let output: String
    private let type: String
    private let adapters: [String]
    private let base: String?
    private let split: GGUFSplit?
    private let merges: Bool
    private let shardBytes: Int
    private let overwrites: Bool

    /// A conversion.
    /// - Parameters:
    ///   - input: A checkpoint folder, a PEFT folder or a GGUF file.
    ///   - output: A GGUF file or a folder.
    ///   - type: Name of the type of matrices, of a checkpoint also of a recipe (`Q4_K_M`); `auto` for the input's own.
    ///   - adapters: Paths of LoRA adapters to add to the weights, each with `=SCALE` or without.
    ///   - base: The model an adapter that is converted belongs to.
    ///   - split: How to cut a GGUF file into parts.
    ///   - merges: Whether the input must be a GGUF file in parts.
    ///   - shardBytes: Bytes of tensors in a safetensors file.
    ///   - overwrites: Whether what is there already is replaced.
    public init(
        input: String, output: String, type: String = "auto", adapters: [String] = [], base: String? = nil,
        split: GGUFSplit? = nil, merges: Bool = false, shardBytes: Int = ModelExporter.defaultShardBytes,
        overwrites: Bool = false
    ) {
        self.input = input
        self.output = output
        self.type = type
        self.adapters = adapters
        self.base = base
        self.split = split
        self.merges = merges
        self.shardBytes = shardBytes
        self.overwrites = overwrites
    }

    /// Does it.
    /// - Parameter progress: Told how many bytes of how many are written.
    /// - Throws: ``ConversionError``, ``AdapterError``, and what reading the input throws.
    @discardableResult
    public func run(progress: @escaping (_ done: Int, _ total: Int) -> Void = { _, _ in }) throws -> Result {
        if OutputFile.exists("\(input)/adapter_config.json") { return try convertPEFT() }
        guard !OutputFile.isFolder(input) else { return try convertFolder(progress) }
        let file = try GGUFFile(path: input)
        if try file.metadata.string("general.type") == "adapter" { return try convertAdapter(file) }
        guard !merges || file.paths.count > 1 else { throw ConversionError.notSplit(input) }
        return output.hasSuffix(".gguf") ? try rewrite(file, progress) : try export(file, progress)
    }

    /// Removes what an interrupted ``run(progress:)`` of this process left.
    public func removeUnfinished() {
        PartialFolder.remove(PartialFolder.partialPath(output))
        PartialFolder.removeParts(of: output)
    }

    // MARK: Models

    private func convertFolder(_ progress: @escaping (_ done: Int, _ total: Int) -> Void) throws -> Result {
        try refuse(merges, "--merge", "a GGUF file in parts")
        let folder = try HuggingFaceFolder(path: input)
        let mix = (try? ConversionType(name: type)) == nil ? QuantizationMix(recipe: type) : nil
        let stored = mix == nil ? try storedType(of: Checkpoint(huggingFace: folder)) : .f16
        var converter = try ModelConverter(folder, type: stored)
        converter.mix = mix
        converter.keepsCodes = type == "auto"
        converter.adapters = try applied(converter.checkpoint.configuration)
        let paths = try converter.convert(to: output, overwrite: overwrites, split: split, progress: progress)
        return result(paths, converter.checkpoint, mix?.name ?? converter.type.rawValue)
    }

    private func export(_ file: GGUFFile, _ progress: @escaping (_ done: Int, _ total: Int) -> Void) throws -> Result {
        try refuse(split != nil, "--split-max-size", "a GGUF file: let the output end in .gguf")
        var exporter = try ModelExporter(file, type: try type == "auto" ? nil : ConversionType(name: type))
        exporter.adapters = try applied(exporter.checkpoint.configuration)
        try exporter.export(to: output, overwrite: overwrites, shardBytes: shardBytes, progress: progress)
        return result([output], exporter.checkpoint, exporter.type.rawValue)
    }

    private func rewrite(_ file: GGUFFile, _ progress: @escaping (_ done: Int, _ total: Int) -> Void) throws -> Result {
        guard type == "auto" else { throw ConversionError.alreadyGGUF(input) }
        var rewriter = GGUFRewriter(file)
        if !adapters.isEmpty { rewriter.adapters = try applied(ModelConfiguration(gguf: file)) }
        let paths = try rewriter.write(to: output, overwrite: overwrites, split: split, progress: progress)
        return Result(paths: paths, summary: "\(file.tensors.count) tensors")
    }

    private func result(_ paths: [String], _ checkpoint: Checkpoint, _ type: String) -> Result {
        Result(
            paths: paths, summary: "\(ModelIdentity.sizeLabel(checkpoint.parameterCount)) parameters as \(type)",
            warnings: checkpoint.warnings)
    }

    /// The type asked for; of `auto` the one that keeps every bit of the checkpoint.
    private func storedType(of checkpoint: Checkpoint) throws -> ConversionType {
        guard type == "auto" else { return try ConversionType(name: type) }
        return ConversionType(keeping: try checkpoint.shape(of: "token_embd.weight").type)
    }

    // MARK: Adapters

    private func convertPEFT() throws -> Result {
        try refuse(split != nil || merges || !adapters.isEmpty, "--split-…, --merge and --lora", "models")
        let adapter = try LoRAAdapter(peft: input, base: try baseConfiguration())
        try adapter.writeGGUF(to: output, type: try adapterType(), overwrite: overwrites)
        return Result(paths: [output], summary: "an adapter of \(adapter.count) matrices")
    }

    private func convertAdapter(_ file: GGUFFile) throws -> Result {
        try refuse(split != nil || merges || !adapters.isEmpty, "--split-…, --merge and --lora", "models")
        let adapter = try LoRAAdapter(gguf: file, base: try baseConfiguration())
        try adapter.writePEFT(to: output, type: try adapterType(), overwrite: overwrites)
        return Result(paths: [output], summary: "an adapter of \(adapter.count) matrices")
    }

    private func adapterType() throws -> ConversionType { type == "auto" ? .f32 : try ConversionType(name: type) }

    private func baseConfiguration() throws -> ModelConfiguration {
        guard let base else { throw AdapterError.noBase }
        return try ModelConfiguration.reading(base)
    }

    private func applied(_ configuration: ModelConfiguration) throws -> [AppliedAdapter] {
        try adapters.map { text in
            let reference = try AdapterReference(parsing: text)
            return try AppliedAdapter(
                LoRAAdapter.open(path: reference.path, base: configuration), weight: reference.scale)
        }
    }

    private func refuse(_ condition: Bool, _ option: String, _ place: String) throws(ConversionError) {
        if condition { throw .misplacedOption(option, place) }
    }
}

extension ModelConfiguration {
    /// The hyper-parameters of the model at `path`. Of a folder only `config.json` is needed.
    fileprivate static func reading(_ path: String) throws -> ModelConfiguration {
        let config = "\(path)/config.json"
        guard OutputFile.isFolder(path) else { return try ModelConfiguration(gguf: GGUFFile(path: path)) }
        guard OutputFile.exists(config) else {
            throw CheckpointError.notACheckpoint(folder: path, missing: "config.json")
        }
        let bytes = try ByteStore.mapping(config).withBytes { $0.withUnsafeBytes { [UInt8]($0) } }
        do {
            return try ModelConfiguration(huggingFace: JSONValue(parsing: bytes).asObject())
        } catch let error as JSONError {
            throw ConfigurationError.json(error)
        }
    }
}
