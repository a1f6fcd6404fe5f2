public import TensorCore

/// A model in GGUF form, versions 2 and 3, little endian: metadata and tensors that stay in the mapped file.
///
/// Opening reads the header only. The bytes are treated as hostile: whatever they are, opening gives a file whose
/// tensors all lie within it, or throws. Memory used is bounded by the size of the header.
public struct GGUFFile: Sendable {
    /// Path given, or the name of bytes in memory.
    public let name: String
    /// Paths of all parts; one for a model that is not split, none for bytes in memory.
    public let paths: [String]
    /// Bytes of all parts together.
    public let byteCount: Int
    /// Version of the format, of the first part.
    public let version: UInt32
    /// Tensor data starts at multiples of this, in the first part.
    public let alignment: Int
    /// All keys and values; of a split model those of the first part, without the `split.` keys.
    public let metadata: GGUFMetadata
    /// All tensors, in file order, part after part.
    public let tensors: [GGUFTensor]
    private let positions: [String: Int]

    /// Maps the file at `path`. Of a split model any part may be given; the others are found beside it.
    /// - Throws: ``GGUFError`` naming what is wrong and in which file.
    public init(path: String) throws(GGUFError) {
        let opened = try GGUFFile.open(path)
        let first = opened.part
        guard let count = try first.splitCount, count > 1 else {
            try self.init(name: path, paths: [path], byteCount: opened.byteCount, first: first, others: [])
            return
        }
        guard let name = GGUFSplitName(path) else { throw GGUFError(file: path, .partName(count: count)) }
        try self.init(split: name, given: opened, path: path)
    }

    /// Reads a model from bytes in memory, such as one linked into the program. `name` is for messages.
    /// - Throws: ``GGUFError``, also for one part of a split model, whose other parts cannot be found.
    public init(_ store: ByteStore, name: String) throws(GGUFError) {
        let part = try GGUFPart(store, file: name)
        if let count = try part.splitCount, count > 1 { throw GGUFError(file: name, .partName(count: count)) }
        try self.init(name: name, paths: [], byteCount: store.count, first: part, others: [])
    }

    init(
        name: String, paths: [String], byteCount: Int, first: GGUFPart, others: [GGUFPart]
    ) throws(GGUFError) {
        var metadata = first.metadata
        for key in GGUFSplitKey.all { metadata[key] = nil }
        var tensors = first.tensors
        for other in others { tensors.append(contentsOf: other.tensors) }
        var positions = [String: Int](minimumCapacity: tensors.count)
        for (index, tensor) in tensors.enumerated() {
            guard positions.updateValue(index, forKey: tensor.name) == nil else {
                throw GGUFError(file: tensor.file, .duplicateTensor(tensor.name))
            }
        }
        self.name = name
        self.paths = paths
        self.byteCount = byteCount
        self.version = first.version
        self.alignment = first.alignment
        self.metadata = metadata
        self.tensors = tensors
        self.positions = positions
    }

    /// The tensor called `name`; nil when there is none.
    public subscript(tensor name: String) -> GGUFTensor? {
        positions[name].map { tensors[$0] }
    }

    /// The tensor called `name`.
    /// - Throws: ``GGUFError`` when there is none.
    public func requiredTensor(_ name: String) throws(GGUFError) -> GGUFTensor {
        guard let tensor = self[tensor: name] else { throw GGUFError(file: self.name, .missingTensor(name)) }
        return tensor
    }

    static func open(_ path: String) throws(GGUFError) -> (part: GGUFPart, byteCount: Int) {
        let store: ByteStore
        do {
            store = try ByteStore.mapping(path)
        } catch {
            throw GGUFError(file: path, .unreadable("\(error)"))
        }
        return (try GGUFPart(store, file: path), store.count)
    }
}
