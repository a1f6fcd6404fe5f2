public import TensorCore

/// Puts a GGUF file (version 3) together and writes it, tensor after tensor, without holding the data in memory.
///
/// What it writes depends on nothing but its input: writing what was read from its own output gives the same bytes.
/// The alignment of tensor data is `general.alignment` of the metadata, 32 when absent.
public struct GGUFWriter {
    /// Delivers the data of one tensor, in order, in pieces of any size.
    public typealias Source = (GGUFTensorSink) throws -> Void

    /// A tensor to write.
    struct Tensor {
        let name: String
        let type: TensorType
        let dimensions: [Int]
        let byteCount: Int
        let source: Source
    }

    /// Keys and values, written in their order. The `split.` keys are the writer's own and are left out.
    public var metadata: GGUFMetadata
    private(set) var tensors: [Tensor] = []
    private var names = Set<String>()

    /// A file with `metadata` and no tensors yet.
    public init(metadata: GGUFMetadata = GGUFMetadata()) {
        self.metadata = metadata
    }

    /// A file with the content of `file`.
    public init(copying file: GGUFFile) throws(GGUFError) {
        self.init(metadata: file.metadata)
        for tensor in file.tensors {
            try add(tensor.name, type: tensor.type, dimensions: tensor.dimensions, data: tensor.data)
        }
    }

    /// Adds a tensor whose bytes exist already. `dimensions` has the contiguous one first.
    /// - Throws: ``GGUFError`` for a name, shape or size that a file cannot have.
    public mutating func add(
        _ name: String, type: TensorType, dimensions: [Int], data: ByteRegion
    ) throws(GGUFError) {
        let needed = try GGUFWriter.byteCount(name, type, dimensions)
        guard needed == data.count else {
            throw GGUFError(file: name, .tensorDataSize(tensor: name, needed: needed, found: data.count))
        }
        try add(name, type: type, dimensions: dimensions) { sink in
            // Of a mapped file only the piece at hand should count as this process's memory.
            for piece in data.pieces(of: 1 << 22) {
                try piece.withBytes { bytes in try sink.write(bytes) }
                piece.dropPages()
            }
        }
    }

    /// Adds a tensor whose bytes `source` delivers when the file is written. It may be asked more than once, each
    /// time a file is written.
    /// - Throws: ``GGUFError`` for a name or shape that a file cannot have.
    public mutating func add(
        _ name: String, type: TensorType, dimensions: [Int], source: @escaping Source
    ) throws(GGUFError) {
        guard (1...63).contains(name.utf8.count) else {
            throw GGUFError(file: name, .tensorNameLength(UInt64(name.utf8.count), tensor: tensors.count))
        }
        let byteCount = try GGUFWriter.byteCount(name, type, dimensions)
        guard names.insert(name).inserted else { throw GGUFError(file: name, .duplicateTensor(name)) }
        tensors.append(
            Tensor(name: name, type: type, dimensions: dimensions, byteCount: byteCount, source: source))
    }

    private static func byteCount(_ name: String, _ type: TensorType, _ dimensions: [Int]) throws(GGUFError) -> Int {
        guard (1...4).contains(dimensions.count) else {
            throw GGUFError(file: name, .dimensionCount(UInt32(clamping: dimensions.count), tensor: name))
        }
        var elements = 1
        for size in dimensions {
            guard size > 0 else { throw GGUFError(file: name, .dimension(Int64(size), tensor: name)) }
            let (product, overflow) = elements.multipliedReportingOverflow(by: size)
            guard !overflow else { throw GGUFError(file: name, .tensorTooLarge(name)) }
            elements = product
        }
        guard dimensions[0] % type.blockSize == 0 else {
            throw GGUFError(file: name, .partialBlock(tensor: name, columns: dimensions[0], type: type))
        }
        guard let bytes = type.byteCount(of: elements) else { throw GGUFError(file: name, .tensorTooLarge(name)) }
        return bytes
    }
}

/// Where the data of a tensor being written goes.
public final class GGUFTensorSink {
    /// Bytes received so far for this tensor.
    public internal(set) var count = 0
    private let output: (RawSpan) throws(GGUFError) -> Void

    init(_ output: @escaping (RawSpan) throws(GGUFError) -> Void) {
        self.output = output
    }

    /// Appends `bytes` to the tensor's data.
    public func write(_ bytes: RawSpan) throws(GGUFError) {
        count += bytes.byteCount
        try output(bytes)
    }
}

extension ByteRegion {
    /// The region cut into pieces of `size` bytes, the last one shorter.
    fileprivate func pieces(of size: Int) -> [ByteRegion] {
        stride(from: range.lowerBound, to: range.upperBound, by: size).compactMap { start in
            ByteRegion(store, start..<min(start + size, range.upperBound))
        }
    }
}
