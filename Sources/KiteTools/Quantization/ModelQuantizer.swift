import ModelFiles
public import TensorCore

/// Quantizes a GGUF file: its matrices become what a recipe says, all else stays as it is.
///
///     let quantizer = try ModelQuantizer(path: "model.F16.gguf", mix: mix)
///     try quantizer.write(to: "model.Q4_K_M.gguf")
///
/// Tensors are read from the mapped file, encoded on several threads and written in pieces, so memory stays small
/// whatever the model's size. The result appears under its name when it is whole.
public struct ModelQuantizer: Sendable {
    /// How far the work is.
    public struct Progress: Sendable {
        /// The tensor being written.
        public let entry: QuantizationPlan.Entry
        /// Its number, from 0.
        public let index: Int
        /// Number of tensors.
        public let count: Int
        /// Bytes of the source that are through.
        public let done: Int
        /// Bytes of the source.
        public let total: Int
    }

    /// What becomes of each tensor.
    public let plan: QuantizationPlan
    /// Things a user may want to know, one line each.
    public let warnings: [String]
    private let file: GGUFFile
    private let importance: ImportanceMatrix?
    private let options: QuantizationOptions

    /// Opens the GGUF file at `path` (of a split model, any part) and plans the work.
    /// - Parameters:
    ///   - mix: The recipe.
    ///   - importance: How much each column matters; nil when all are alike.
    /// - Throws: What is wrong with the file, ``QuantizationError`` and ``ImportanceError``.
    public init(
        path: String, mix: QuantizationMix, options: QuantizationOptions = .init(),
        importance: ImportanceMatrix? = nil
    ) throws {
        guard !OutputFile.isFolder(path) else { throw QuantizationError.folder(path) }
        let file = try GGUFFile(path: path)
        let checkpoint = try Checkpoint(gguf: file)
        self.file = file
        self.importance = importance
        self.options = options
        plan = try QuantizationPlan(
            mix, file: file, configuration: checkpoint.configuration, options: options,
            hasImportance: importance != nil)
        var warnings = checkpoint.warnings
        for entry in plan.entries where !options.allowsRequantizing {
            guard entry.type == entry.sourceType || !entry.sourceType.isQuantized else {
                throw QuantizationError.quantizedAlready(tensor: entry.name, type: entry.sourceType.name)
            }
        }
        if let importance { warnings += try importance.check(plan) }
        let unfit = plan.entries.filter { $0.unfit != nil }
        if let first = unfit.first, let wanted = first.unfit {
            warnings.append(
                "rows of \(first.dimensions[0]) numbers are no whole blocks of \(wanted.name): \(first.name) becomes "
                    + first.type.name + (unfit.count > 1 ? ", and \(unfit.count - 1) others likewise" : ""))
        }
        self.warnings = warnings
    }

    /// Everything the file will say except the tensors.
    var metadata: GGUFMetadata {
        var metadata = file.metadata
        func set(_ key: String, _ value: GGUFValue) {
            // At the end, where llama.cpp puts them.
            metadata[key] = nil
            metadata[key] = value
        }
        set("general.quantization_version", .uint32(2))
        set("general.file_type", .uint32(plan.mix.fileType))
        guard let importance else { return metadata }
        set("quantize.imatrix.file", .string(importance.path))
        if let dataset = importance.datasets.first { set("quantize.imatrix.dataset", .string(dataset)) }
        set("quantize.imatrix.entries_count", .uint32(UInt32(clamping: importance.entries.count)))
        if importance.chunkCount > 0 {
            set("quantize.imatrix.chunks_count", .uint32(UInt32(clamping: importance.chunkCount)))
        }
        return metadata
    }

    /// Bytes of the file, or of all parts together less what ties them.
    /// - Throws: ``GGUFError``.
    public func fileBytes() throws -> Int { try writer(threads: 1, progress: nil).byteCount() }

    /// Writes the file, or with ``QuantizationOptions/keepsSplit`` as many as the source has. It appears at `path` only
    /// when it is whole.
    /// - Parameters:
    ///   - overwrite: Whether a file that is there already is replaced.
    ///   - threads: Threads that encode. The result does not depend on their number.
    ///   - progress: Told how far the work is, some times for each tensor.
    /// - Returns: Paths of the files written.
    /// - Throws: ``QuantizationError``, ``ConversionError`` for a weight that is no finite number, ``GGUFError``.
    @discardableResult
    public func write(
        to path: String, overwrite: Bool = false, threads: Int = ThreadPool.defaultThreadCount,
        progress: ((Progress) -> Void)? = nil
    ) throws -> [String] {
        let targets = outputPaths(path)
        for target in targets where file.paths.contains(where: { OutputFile.isSame($0, target) }) {
            throw QuantizationError.sameFile(target)
        }
        if !overwrite, let taken = targets.first(where: OutputFile.exists) { throw QuantizationError.exists(taken) }
        return try writer(threads: threads, progress: progress).write(to: path, split: split)
    }

    /// The file, ready to be written.
    func writer(threads: Int, progress: ((Progress) -> Void)?) throws -> GGUFWriter {
        var writer = GGUFWriter(metadata: metadata)
        let pipeline = EncodingPipeline(threads: threads)
        let total = plan.sourceBytes
        var before = 0
        for (index, entry) in plan.entries.enumerated() {
            let tensor = try file.requiredTensor(entry.name)
            let encoder = TensorEncoder(
                name: entry.name, source: MatrixRows(try tensor.flattened), target: entry.type,
                importance: entry.type.isQuantized ? importance?.weights(of: entry.name) : nil, requiresFinite: true)
            let place = pipeline.append(encoder)
            let start = before
            try writer.add(entry.name, type: entry.type, dimensions: entry.dimensions) { sink in
                func report(_ written: Int) {
                    let share = Int(Double(entry.sourceBytes) * Double(written) / Double(max(entry.bytes, 1)))
                    progress?(
                        Progress(
                            entry: entry, index: index, count: plan.entries.count, done: start + share, total: total))
                }
                report(0)
                try pipeline.deliver(place) { bytes in
                    try sink.write(bytes)
                    report(sink.count)
                }
            }
            before += entry.sourceBytes
        }
        return writer
    }

    /// How many tensors each part of the source has; nil when the result is one file.
    private var split: GGUFSplit? {
        guard options.keepsSplit, file.paths.count > 1 else { return nil }
        var counts: [Int] = []
        var store: ByteStore?
        for tensor in file.tensors {
            if tensor.data.store !== store { counts.append(0) }
            store = tensor.data.store
            counts[counts.count - 1] += 1
        }
        return .counts(counts)
    }

    /// The files that are written when the model goes to `path`.
    public func outputPaths(_ path: String) -> [String] {
        guard case .counts(let counts) = split else { return [path] }
        return GGUFWriter.partPaths(path, count: counts.count)
    }
}

extension GGUFTensor {
    /// The tensor as rows, whatever its number of dimensions.
    fileprivate var flattened: Matrix {
        get throws(GGUFError) {
            guard dimensions.count > 2,
                let matrix = Matrix(
                    type: type, rows: dimensions.dropFirst().reduce(1, *), columns: dimensions[0], data: data)
            else { return try matrix }
            return matrix
        }
    }
}
