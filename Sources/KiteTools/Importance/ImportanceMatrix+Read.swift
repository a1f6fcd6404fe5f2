import ModelFiles
import TensorCore

extension ImportanceMatrix {
    private static let sums = ".in_sum2"
    private static let counts = ".counts"

    /// Reads the file at `path`, in either format.
    /// - Throws: ``ImportanceError``, and ``GGUFError`` for a damaged GGUF file.
    public init(path: String) throws {
        let store: ByteStore
        do {
            store = try ByteStore.mapping(path)
        } catch {
            throw ImportanceError(file: path, .unreadable(error.description))
        }
        let isGGUF = store.withBytes { $0.withUnsafeBytes { $0.starts(with: "GGUF".utf8) } }
        if isGGUF {
            try self.init(gguf: GGUFFile(store, name: path))
        } else {
            try self.init(old: store, path: path)
        }
        for (name, entry) in entries {
            for (index, number) in (entry.sums + entry.counts).enumerated() where !(number.isFinite && number >= 0) {
                throw ImportanceError(file: path, .badNumber(tensor: name, index: index))
            }
        }
    }

    private init(gguf file: GGUFFile) throws {
        if let type = try file.metadata.string("general.type"), type != "imatrix" {
            throw ImportanceError(file: file.name, .notImportance("a GGUF file of type \"\(type)\""))
        }
        var entries: [String: Entry] = [:]
        for tensor in file.tensors {
            guard tensor.name.hasSuffix(Self.sums) else { continue }
            let name = String(tensor.name.dropLast(Self.sums.count))
            guard let counts = file[tensor: name + Self.counts] else {
                throw ImportanceError(file: file.name, .incomplete(tensor: name))
            }
            let entry = Entry(sums: tensor.floats ?? [], counts: counts.floats ?? [])
            guard !entry.counts.isEmpty, !entry.sums.isEmpty, entry.sums.count % entry.counts.count == 0 else {
                throw ImportanceError(file: file.name, .shape(tensor: name))
            }
            entries[name] = entry
        }
        for tensor in file.tensors where tensor.name.hasSuffix(Self.counts) {
            let name = String(tensor.name.dropLast(Self.counts.count))
            guard entries[name] != nil else { throw ImportanceError(file: file.name, .incomplete(tensor: name)) }
        }
        guard !entries.isEmpty else {
            throw ImportanceError(file: file.name, .notImportance("a GGUF file without *\(Self.sums) tensors"))
        }
        let datasets = try file.metadata.strings("imatrix.datasets")
        self.init(
            path: file.name, entries: entries, datasets: datasets?.map { String(decoding: $0, as: UTF8.self) } ?? [],
            chunkCount: try file.metadata.int("imatrix.chunk_count") ?? 0,
            chunkSize: try file.metadata.int("imatrix.chunk_size") ?? 0)
    }

    /// The format before GGUF: a count, then for each matrix name, calls and means times calls; then calls and dataset.
    private init(old store: ByteStore, path: String) throws {
        var reader = OldReader(store: store, file: path)
        let count = try reader.int("the count")
        // The shortest entry: a name of a byte and one number.
        guard count > 0, count <= store.count / 17 else {
            throw ImportanceError(file: path, .notImportance("neither GGUF nor llama.cpp's older format"))
        }
        var entries: [String: Entry] = [:]
        for index in 0..<count {
            reader.entry = index
            let name = String(decoding: try reader.bytes(try reader.int("the name"), "the name"), as: UTF8.self)
            let calls = try reader.int("the number of calls")
            let numbers = try reader.floats(try reader.int("the number of columns"), "the numbers")
            guard !numbers.isEmpty else { throw ImportanceError(file: path, .shape(tensor: name)) }
            entries[name] = Entry(sums: numbers, counts: [Float(max(calls, 1))])
        }
        let calls = (try? reader.int("the number of calls")) ?? 0
        let dataset = (try? reader.int("the dataset")).flatMap { try? reader.bytes($0, "the dataset") }
        self.init(
            path: path, entries: entries, datasets: dataset.map { [String(decoding: $0, as: UTF8.self)] } ?? [],
            chunkCount: max(calls, 0), chunkSize: 0)
    }
}

/// Takes the old format apart: little-endian 32-bit numbers and strings with their length.
private struct OldReader {
    let store: ByteStore
    let file: String
    var entry = 0
    private var position = 0

    init(store: ByteStore, file: String) {
        self.store = store
        self.file = file
    }

    mutating func bytes(_ count: Int, _ what: String) throws(ImportanceError) -> [UInt8] {
        guard count >= 0, count <= store.count - position else {
            throw ImportanceError(file: file, .endOfFile(reading: what, entry: entry))
        }
        defer { position += count }
        return store.withBytes { $0.withUnsafeBytes { [UInt8]($0[position..<position + count]) } }
    }

    mutating func int(_ what: String) throws(ImportanceError) -> Int {
        let bytes = try bytes(4, what)
        return Int(Int32(bitPattern: bytes.littleEndianWords[0]))
    }

    mutating func floats(_ count: Int, _ what: String) throws(ImportanceError) -> [Float] {
        guard (0...store.count / 4).contains(count) else {
            throw ImportanceError(file: file, .endOfFile(reading: what, entry: entry))
        }
        return try bytes(4 * count, what).littleEndianWords.map { Float(bitPattern: $0) }
    }
}

extension GGUFTensor {
    /// All numbers of an F32 tensor; nil for other types.
    fileprivate var floats: [Float]? {
        guard type == .f32 else { return nil }
        let bytes = data.withBytes { $0.withUnsafeBytes { [UInt8]($0) } }
        return bytes.littleEndianWords.map { Float(bitPattern: $0) }
    }
}

extension [UInt8] {
    fileprivate var littleEndianWords: [UInt32] {
        stride(from: 0, to: count - 3, by: 4).map { start in
            (0..<4).reduce(UInt32(0)) { $0 | UInt32(self[start + $1]) << UInt32(8 * $1) }
        }
    }
}
