import TensorCore

extension GGUFWriter {
    /// Header, metadata and tensor list of one file, padded to where tensor data starts.
    func header(
        _ part: ArraySlice<Tensor>, _ index: Int, of count: Int, alignment: Int, _ path: String
    ) throws(GGUFError) -> [UInt8] {
        let entries = partMetadata(index, of: count).entries
        var bytes: [UInt8] = Array("GGUF".utf8)
        bytes.append(little: UInt32(3))
        bytes.append(little: UInt64(part.count))
        bytes.append(little: UInt64(entries.count))
        for (number, entry) in entries.enumerated() {
            let length = UInt64(entry.key.utf8.count)
            guard (1...GGUFPart.longestKey).contains(length) else {
                throw GGUFError(file: path, .keyLength(length, entry: number))
            }
            bytes.append(text: entry.key)
            bytes.append(little: entry.value.type.rawValue)
            bytes.append(entry.value)
        }
        var offset = 0
        for tensor in part {
            bytes.append(text: tensor.name)
            bytes.append(little: UInt32(tensor.dimensions.count))
            for size in tensor.dimensions { bytes.append(little: UInt64(size)) }
            bytes.append(little: tensor.type.rawValue)
            bytes.append(little: UInt64(offset))
            let (end, overflow) = offset.addingReportingOverflow(tensor.byteCount)
            let (next, overflow2) = end.addingReportingOverflow(GGUFWriter.padding(after: end, alignment))
            guard !overflow, !overflow2 else { throw GGUFError(file: path, .tensorTooLarge(tensor.name)) }
            offset = next
        }
        if !part.isEmpty {
            let padding = GGUFWriter.padding(after: bytes.count, alignment)
            bytes.append(contentsOf: repeatElement(0, count: padding))
        }
        return bytes
    }

    /// What metadata part `index` carries: the first everything, the others what is needed to read them.
    private func partMetadata(_ index: Int, of count: Int) -> GGUFMetadata {
        var result = GGUFMetadata()
        if index == 0 {
            result = metadata
            for key in GGUFSplitKey.all { result[key] = nil }
        } else {
            result["general.alignment"] = metadata["general.alignment"]
        }
        guard count > 1 else { return result }
        // The types llama.cpp gives these keys.
        result[GGUFSplitKey.number] = .uint16(UInt16(clamping: index))
        result[GGUFSplitKey.count] = .uint16(UInt16(clamping: count))
        result[GGUFSplitKey.tensors] = .int32(Int32(clamping: tensors.count))
        return result
    }
}

extension [UInt8] {
    /// Appends a number, least significant byte first.
    mutating func append<Number: FixedWidthInteger>(little number: Number) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }

    /// Appends a length and as many bytes of UTF-8.
    mutating func append(text: String) {
        append(little: UInt64(text.utf8.count))
        append(contentsOf: text.utf8)
    }

    /// Appends a metadata value without its type.
    mutating func append(_ value: GGUFValue) {
        switch value {
        case .uint8(let number): append(little: number)
        case .int8(let number): append(little: number)
        case .uint16(let number): append(little: number)
        case .int16(let number): append(little: number)
        case .uint32(let number): append(little: number)
        case .int32(let number): append(little: number)
        case .uint64(let number): append(little: number)
        case .int64(let number): append(little: number)
        case .float32(let number): append(little: number.bitPattern)
        case .float64(let number): append(little: number.bitPattern)
        case .bool(let flag): append(flag ? 1 : 0)
        case .string(let text): append(text: text)
        case .bytes(let bytes):
            append(little: UInt64(bytes.count))
            append(contentsOf: bytes)
        case .strings(let strings):
            append(little: GGUFValueType.string.rawValue)
            append(little: UInt64(strings.count))
            strings.region.withBytes { append(contentsOf: $0.array) }
        case .numbers(let numbers):
            append(little: numbers.type.rawValue)
            append(little: UInt64(numbers.count))
            numbers.region.withBytes { append(contentsOf: $0.array) }
        }
    }
}
