import TensorCore

/// One physical file, parsed: a whole model, or one part of a split one.
struct GGUFPart {
    var version: UInt32 = 3
    var alignment = 32
    var metadata: GGUFMetadata
    var tensors: [GGUFTensor] = []

    /// Longest string, and most elements of an array.
    static let limit: UInt64 = 1 << 30
    static let longestKey: UInt64 = 65_535
    /// An entry takes at least a key of one byte and a value of one.
    static let smallestEntry = 8 + 1 + 4 + 1
    /// A tensor takes at least a name of one byte and one dimension.
    static let smallestTensor = 8 + 1 + 4 + 8 + 4 + 8

    /// Reads the header, metadata and tensor list of `store`.
    init(_ store: ByteStore, file: String) throws(GGUFError) {
        metadata = GGUFMetadata(file: file)
        var cursor = GGUFCursor(file: file)
        try store.withBytes { (bytes) throws(GGUFError) in
            let counts = try readHeader(bytes, &cursor)
            for index in 0..<counts.entries {
                try readEntry(index, bytes, &cursor, store)
            }
            alignment = try GGUFPart.alignment(of: metadata)
            try readTensors(counts.tensors, bytes, &cursor, store)
        }
    }

    private mutating func readHeader(
        _ bytes: RawSpan, _ cursor: inout GGUFCursor
    ) throws(GGUFError) -> (tensors: Int, entries: Int) {
        guard bytes.byteCount > 0 else { throw cursor.fail(.empty) }
        let magic: [UInt8] = [0x47, 0x47, 0x55, 0x46]
        let head = bytes.extracting(0..<min(4, bytes.byteCount)).array
        guard magic.starts(with: head) else {
            throw cursor.fail(head == magic.reversed() ? .byteSwapped : .notGGUF(.recognise(bytes)))
        }
        guard bytes.byteCount >= 24 else { throw cursor.fail(.tooShort(bytes: bytes.byteCount)) }
        cursor.position = 4
        version = try cursor.uint32(bytes, "the version")
        guard (2...3).contains(version) else {
            throw cursor.fail((1...3).contains(version.byteSwapped) ? .byteSwapped : .unsupportedVersion(version))
        }
        let tensors = Int64(bitPattern: try cursor.uint64(bytes, "the tensor count"))
        let entries = Int64(bitPattern: try cursor.uint64(bytes, "the metadata count"))
        let mostTensors = cursor.remaining(bytes) / GGUFPart.smallestTensor
        guard (0...Int64(mostTensors)).contains(tensors) else {
            throw cursor.fail(.tensorCount(tensors, most: mostTensors))
        }
        let mostEntries = cursor.remaining(bytes) / GGUFPart.smallestEntry
        guard (0...Int64(mostEntries)).contains(entries) else {
            throw cursor.fail(.entryCount(entries, most: mostEntries))
        }
        return (Int(tensors), Int(entries))
    }

    /// `general.alignment`, 32 when absent. At least 8, as the format's specification says: kernels read whole words.
    static func alignment(of metadata: GGUFMetadata) throws(GGUFError) -> Int {
        let key = "general.alignment"
        guard let value = metadata[key] else { return 32 }
        guard value.isInteger else {
            throw GGUFError(file: metadata.file, .wrongKind(key: key, wanted: "an integer", found: value.kind))
        }
        guard let alignment = value.int, (8...1 << 24).contains(alignment), alignment & (alignment - 1) == 0 else {
            throw GGUFError(file: metadata.file, .alignment(value.description))
        }
        return alignment
    }
}
