public import ModelFiles
import TensorCore

/// Writes a GGUF file anew: in other parts, or with LoRA adapters added to its weights.
public struct GGUFRewriter: Sendable {
    private let file: GGUFFile
    /// LoRA adapters to add to the weights.
    public var adapters: [AppliedAdapter] = []
    /// Threads that compute.
    public var threads = ThreadPool.defaultThreadCount

    /// A copy of `file`.
    public init(_ file: GGUFFile) { self.file = file }

    /// Writes the file, or its parts. They appear only when they are whole.
    /// - Parameters:
    ///   - overwrite: Whether a file that is there already is replaced.
    ///   - split: How to cut the model into several files, if at all.
    ///   - progress: Told how many bytes of tensors of how many are written.
    /// - Returns: Paths of the files written.
    /// - Throws: ``ConversionError``, ``AdapterError``, ``GGUFError``.
    @discardableResult
    public func write(
        to path: String, overwrite: Bool = false, split: GGUFSplit? = nil,
        progress: ((_ done: Int, _ total: Int) -> Void)? = nil
    ) throws -> [String] {
        guard !file.paths.contains(where: { OutputFile.isSame($0, path) }) else { throw ConversionError.sameFile(path) }
        guard overwrite || !OutputFile.exists(path) else { throw ConversionError.exists(path) }
        return try writer().write(to: path, split: split, overwrite: overwrite, progress: progress)
    }

    private func writer() throws -> GGUFWriter {
        guard !adapters.isEmpty else { return try GGUFWriter(copying: file) }
        let configuration = try ModelConfiguration(gguf: file)
        let required = Dictionary(
            configuration.requiredTensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let pipeline = EncodingPipeline(threads: threads)
        var writer = GGUFWriter(metadata: file.metadata)
        var changed: Set<String> = []
        for tensor in file.tensors {
            let parts = adapters.contains { $0.adapter.parts.contains { $0.base.name == tensor.name } }
            guard parts, let base = required[tensor.name] else {
                try writer.add(tensor.name, type: tensor.type, dimensions: tensor.dimensions, data: tensor.data)
                continue
            }
            guard !tensor.type.isQuantized else {
                throw AdapterError.unsupported(
                    "adding an adapter to \(tensor.name), which is \(tensor.type.name) and would lose by it,")
            }
            changed.insert(tensor.name)
            let order =
                LoRAAdapter.isRotated(tensor.name, configuration)
                ? RowPermutation(headDimension: configuration.headDimension) : nil
            var source: any RowSource = MatrixRows(try tensor.matrix)
            for adapter in adapters { source = try adapter.merged(source, base, order: order) }
            let place = pipeline.append(TensorEncoder(name: tensor.name, source: source, target: tensor.type))
            try writer.add(tensor.name, type: tensor.type, dimensions: tensor.dimensions) { sink in
                try pipeline.deliver(place, to: sink)
            }
        }
        for part in adapters.flatMap(\.adapter.parts) where !changed.contains(part.base.name) {
            throw AdapterError.notInBase(part.base.name)
        }
        return writer
    }
}
