public import TensorCore

/// A safetensors file: eight bytes with the length of a JSON header, the header, the data.
///
/// The file stays mapped and no tensor is copied. Everything the header says is checked before anything is believed:
/// tensors must cover the data exactly, without overlap or hole, as the format demands.
public struct SafetensorsFile: Sendable {
    /// Where the file is.
    public let path: String
    /// All tensors in the order of their data.
    public let tensors: [SafetensorsTensor]
    /// The free-form strings of `__metadata__`.
    public let metadata: [String: String]
    private let positions: [String: Int]

    /// Limit of the format for the header.
    static let headerLimit: UInt64 = 100_000_000

    /// Maps the file at `path`.
    /// - Throws: ``SafetensorsError``.
    public init(path: String) throws(SafetensorsError) {
        do {
            try self.init(ByteStore.mapping(path), path: path)
        } catch let error as SafetensorsError {
            throw error
        } catch {
            throw SafetensorsError(file: path, .io("\(error)"))
        }
    }

    /// Reads bytes that are there already; `path` is for messages.
    /// - Throws: ``SafetensorsError``.
    public init(_ store: ByteStore, path: String) throws(SafetensorsError) {
        let header = try SafetensorsHeader(store, path: path)
        self.path = path
        metadata = header.metadata
        let dataSize = store.count - header.dataStart
        var end = 0
        var tensors: [SafetensorsTensor] = []
        tensors.reserveCapacity(header.entries.count)
        for entry in header.entries.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) {
            guard entry.end <= dataSize else {
                throw SafetensorsError(
                    file: path, .dataPastEnd(tensor: entry.name, end: entry.end, available: dataSize))
            }
            guard entry.start == end else {
                throw SafetensorsError(
                    file: path, .notContiguous(tensor: entry.name, start: entry.start, expected: end))
            }
            end = entry.end
            guard let region = ByteRegion(store, header.dataStart + entry.start..<header.dataStart + end) else {
                throw SafetensorsError(
                    file: path, .dataPastEnd(tensor: entry.name, end: entry.end, available: dataSize))
            }
            tensors.append(
                SafetensorsTensor(name: entry.name, type: entry.type, shape: entry.shape, data: region, file: path))
        }
        guard end == dataSize else { throw SafetensorsError(file: path, .trailingData(bytes: dataSize - end)) }
        self.tensors = tensors
        positions = Dictionary(uniqueKeysWithValues: tensors.enumerated().map { ($1.name, $0) })
    }

    /// The tensor called `name`; nil when there is none.
    public subscript(tensor name: String) -> SafetensorsTensor? { positions[name].map { tensors[$0] } }
}
