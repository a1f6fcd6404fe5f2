import TensorCore

/// The header of a safetensors file: what it says, each tensor checked for itself.
struct SafetensorsHeader {
    struct Entry {
        let name: String
        let type: SafetensorsType
        let shape: [Int]
        /// Bytes from the start of the data.
        let start: Int
        let end: Int
    }

    let entries: [Entry]
    let metadata: [String: String]
    /// Bytes from the start of the file to the data.
    let dataStart: Int

    init(_ store: ByteStore, path: String) throws(SafetensorsError) {
        guard store.count >= 8 else { throw SafetensorsError(file: path, .tooShort(bytes: store.count)) }
        let (length, format) = store.withBytes { bytes in
            (
                UInt64(littleEndian: bytes.unsafeLoadUnaligned(as: UInt64.self)),
                SafetensorsHeader.foreignFormat(bytes)
            )
        }
        if let format { throw SafetensorsError(file: path, .notSafetensors(format)) }
        guard length <= SafetensorsFile.headerLimit else { throw SafetensorsError(file: path, .headerTooLong(length)) }
        let available = store.count - 8
        guard length <= UInt64(available), let region = ByteRegion(store, 8..<8 + Int(length)) else {
            throw SafetensorsError(file: path, .headerPastEnd(length: length, available: available))
        }
        dataStart = 8 + Int(length)
        var reader = JSONReader(region, maximumDepth: 8)
        var entries: [Entry] = []
        var metadata: [String: String] = [:]
        do {
            try reader.readObject(rejectingDuplicateKeys: true) { name, reader in
                guard name == "__metadata__" else {
                    entries.append(try SafetensorsHeader.readEntry(name, from: &reader, path: path))
                    return
                }
                try reader.readObject(rejectingDuplicateKeys: true) { key, reader in
                    metadata[key] = try reader.readString()
                }
            }
            try reader.finish()
        } catch let error as JSONError {
            throw SafetensorsError(file: path, .header(error))
        } catch let error as SafetensorsError {
            throw error
        } catch {
            throw SafetensorsError(file: path, .io("\(error)"))
        }
        self.entries = entries
        self.metadata = metadata
    }

    /// What the file is when it does not start as a safetensors file does.
    private static func foreignFormat(_ bytes: RawSpan) -> ForeignFormat? {
        if bytes.byteCount > 8, bytes.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt8.self) == 0x7B { return nil }
        let format = ForeignFormat.recognise(bytes)
        // Anything else may be a damaged safetensors file: let the checks of the header say how.
        return format == .unknown || format == .zeros ? nil : format
    }

    private static func readEntry(
        _ name: String, from reader: inout JSONReader, path: String
    ) throws -> Entry {
        var typeName: String?
        var shape: [Int]?
        var offsets: [Int]?
        try reader.readObject(rejectingDuplicateKeys: true) { key, reader in
            switch key {
            case "dtype": typeName = try reader.readString()
            case "shape": shape = try readIntegers(from: &reader)
            case "data_offsets": offsets = try readIntegers(from: &reader)
            default: try reader.skipValue()
            }
        }
        func missing(_ key: String) -> JSONError { JSONError(.missingKey(key), offset: reader.offset) }
        guard let typeName else { throw missing("dtype") }
        guard let shape else { throw missing("shape") }
        guard let offsets else { throw missing("data_offsets") }
        guard let type = SafetensorsType(rawValue: typeName) else {
            throw SafetensorsError(file: path, .unknownType(typeName, tensor: name))
        }
        guard shape.count <= 8 else {
            throw SafetensorsError(file: path, .tooManyDimensions(shape.count, tensor: name))
        }
        guard offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1] else {
            throw SafetensorsError(file: path, .invalidOffsets(tensor: name))
        }
        let expected = try byteCount(shape, type, tensor: name, path: path)
        guard offsets[1] - offsets[0] == expected else {
            throw SafetensorsError(
                file: path, .wrongSize(tensor: name, bytes: offsets[1] - offsets[0], expected: expected))
        }
        return Entry(name: name, type: type, shape: shape, start: offsets[0], end: offsets[1])
    }

    private static func readIntegers(from reader: inout JSONReader) throws(JSONError) -> [Int] {
        var values: [Int] = []
        try reader.enterArray()
        while try reader.nextElement() {
            do { values.append(try reader.readInt()) } catch { throw error.below(index: values.count) }
        }
        return values
    }

    /// Bytes of a tensor of `shape` and `type`.
    static func byteCount(
        _ shape: [Int], _ type: SafetensorsType, tensor: String, path: String
    ) throws(SafetensorsError) -> Int {
        var bits = type.bits
        for size in shape {
            guard size >= 0 else { throw SafetensorsError(file: path, .negativeDimension(size, tensor: tensor)) }
            let (product, overflow) = bits.multipliedReportingOverflow(by: size)
            guard !overflow else { throw SafetensorsError(file: path, .tensorTooLarge(tensor)) }
            bits = product
        }
        guard bits % 8 == 0 else { throw SafetensorsError(file: path, .tensorTooLarge(tensor)) }
        return bits / 8
    }
}
