public import TensorCore

/// Puts a safetensors file together and writes it, tensor after tensor, without holding the data in memory.
///
/// The result is byte for byte what the `safetensors` library writes: tensors by type, widest first, then by name; a
/// compact header padded with spaces to a multiple of eight.
public struct SafetensorsWriter {
    /// Delivers the data of one tensor, in order, in pieces of any size.
    public typealias Source = (SafetensorsSink) throws -> Void

    private struct Tensor {
        let name: String
        let type: SafetensorsType
        let shape: [Int]
        let byteCount: Int
        let source: Source
    }

    /// Free-form strings, written as `__metadata__`. Transformers wants `format` to be `pt`.
    public var metadata: [(key: String, value: String)]
    private var tensors: [Tensor] = []
    private var names: Set<String> = []

    /// A file with `metadata` and no tensors yet.
    public init(metadata: [(key: String, value: String)] = [("format", "pt")]) { self.metadata = metadata }

    /// Adds a tensor whose bytes exist already, little endian. `shape` has the contiguous dimension last.
    /// - Throws: ``SafetensorsError`` for a name that is there already, or a size that is not shape times type.
    public mutating func add(
        _ name: String, type: SafetensorsType, shape: [Int], data: ByteRegion
    ) throws(SafetensorsError) {
        try add(name, type: type, shape: shape) { sink in try data.withBytes { bytes in try sink.write(bytes) } }
        guard let added = tensors.last, added.byteCount == data.count else {
            let expected = tensors.removeLast().byteCount
            names.remove(name)
            throw SafetensorsError(file: name, .wrongSize(tensor: name, bytes: data.count, expected: expected))
        }
    }

    /// Adds a tensor whose bytes `source` delivers when the file is written.
    /// - Throws: ``SafetensorsError`` for a name that is there already, or a shape no file can have.
    public mutating func add(
        _ name: String, type: SafetensorsType, shape: [Int], source: @escaping Source
    ) throws(SafetensorsError) {
        let byteCount = try SafetensorsHeader.byteCount(shape, type, tensor: name, path: name)
        guard name != "__metadata__", names.insert(name).inserted else {
            throw SafetensorsError(file: name, .duplicateTensor(name, shards: [name]))
        }
        tensors.append(Tensor(name: name, type: type, shape: shape, byteCount: byteCount, source: source))
    }

    /// Writes the file. It appears at `path` only when it is whole, and replaces a file of that name.
    /// - Throws: ``SafetensorsError``, and whatever a tensor's source throws.
    public func write(to path: String) throws {
        do {
            let file = try AtomicFile(path: path)
            try write(path) { bytes in try file.write(bytes) }
            try file.commit()
        } catch let error as FileError {
            throw SafetensorsError(file: path, .io("\(error)"))
        }
    }

    /// The bytes of the file, in memory. For small files and tests.
    public func bytes() throws -> [UInt8] {
        var result: [UInt8] = []
        try write("memory") { bytes in bytes.withUnsafeBytes { result.append(contentsOf: $0) } }
        return result
    }

    private func write(_ path: String, _ output: @escaping (RawSpan) throws -> Void) throws {
        let sorted = tensors.sorted { left, right in
            left.type == right.type
                ? left.name.utf8.lexicographicallyPrecedes(right.name.utf8) : left.type.order > right.type.order
        }
        let header = header(sorted)
        try output(header.span.bytes)
        for tensor in sorted {
            let sink = SafetensorsSink(output)
            try tensor.source(sink)
            guard sink.count == tensor.byteCount else {
                throw SafetensorsError(
                    file: path, .wrongSize(tensor: tensor.name, bytes: sink.count, expected: tensor.byteCount))
            }
        }
    }

    /// Length and header for tensors in the order of their data.
    private func header(_ tensors: [Tensor]) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        if !metadata.isEmpty {
            writer.key("__metadata__")
            writer.beginObject()
            for (key, value) in metadata {
                writer.key(key)
                writer.string(value)
            }
            writer.endObject()
        }
        var offset = 0
        for tensor in tensors {
            writer.key(tensor.name)
            writer.beginObject()
            writer.key("dtype")
            writer.string(tensor.type.rawValue)
            writer.key("shape")
            writer.integers(tensor.shape)
            writer.key("data_offsets")
            writer.integers([offset, offset + tensor.byteCount])
            writer.endObject()
            offset += tensor.byteCount
        }
        writer.endObject()
        var json = writer.bytes
        json.append(contentsOf: repeatElement(0x20, count: (8 - json.count % 8) % 8))
        return withUnsafeBytes(of: UInt64(json.count).littleEndian) { [UInt8]($0) } + json
    }
}

/// Where the data of a tensor being written goes.
public final class SafetensorsSink {
    /// Bytes received so far for this tensor.
    public private(set) var count = 0
    private let output: (RawSpan) throws -> Void

    init(_ output: @escaping (RawSpan) throws -> Void) { self.output = output }

    /// Appends `bytes` to the tensor's data.
    public func write(_ bytes: RawSpan) throws {
        count += bytes.byteCount
        try output(bytes)
    }
}

extension JSONWriter {
    fileprivate mutating func integers(_ values: [Int]) {
        beginArray()
        for value in values { integer(Int64(value)) }
        endArray()
    }
}

extension SafetensorsType {
    /// Place in the order of the `safetensors` library, which puts later types first.
    fileprivate var order: Int {
        let order: [SafetensorsType] = [
            .bool, .f4, .f6_E2M3, .f6_E3M2, .u8, .i8, .f8_E5M2, .f8_E4M3, .f8_E8M0, .f8_E4M3FNUZ, .f8_E5M2FNUZ, .i16,
            .u16, .f16, .bf16, .i32, .u32, .f32, .c64, .f64, .i64, .u64,
        ]
        return order.firstIndex(of: self) ?? 0
    }
}
