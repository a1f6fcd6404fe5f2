import TensorCore

extension GGUFPart {
    /// A tensor as its record describes it, before its place in the file is known.
    private struct Record {
        let name: String
        let dimensions: [Int]
        let type: TensorType
        let byteCount: Int
        let offset: Int
    }

    /// Reads the tensor list and finds the data. Offsets must follow one another, each padded to the alignment, as
    /// every known writer lays them out: then none can overlap, and the needed file size is known.
    mutating func readTensors(
        _ count: Int, _ bytes: RawSpan, _ cursor: inout GGUFCursor, _ store: ByteStore
    ) throws(GGUFError) {
        var records: [Record] = []
        records.reserveCapacity(count)
        var names = Set<String>(minimumCapacity: count)
        var unsupported: [String] = []
        var end = 0
        for index in 0..<count {
            let name = try readName(index, bytes, &cursor)
            guard names.insert(name).inserted else { throw cursor.fail(.duplicateTensor(name)) }
            let (dimensions, elements) = try readShape(name, bytes, &cursor)
            let rawType = try cursor.uint32(bytes, "the type of tensor \(name)")
            let offset = try cursor.uint64(bytes, "the offset of tensor \(name)")
            guard let type = TensorType(rawValue: rawType) else {
                guard let known = GGUFTensorTypeNames.name(rawType) else {
                    throw cursor.fail(.unknownTensorType(rawType, tensor: name))
                }
                if !unsupported.contains(known) { unsupported.append(known) }
                continue
            }
            guard unsupported.isEmpty else { continue }
            let size = try byteCount(of: type, dimensions, elements: elements, name, cursor)
            guard offset % UInt64(alignment) == 0 else {
                throw cursor.fail(.offsetUnaligned(tensor: name, offset: offset, alignment: alignment))
            }
            guard offset == UInt64(end) else {
                throw cursor.fail(.offsetUnexpected(tensor: name, offset: offset, expected: end))
            }
            records.append(Record(name: name, dimensions: dimensions, type: type, byteCount: size, offset: end))
            guard let next = padded(end, adding: size) else { throw cursor.fail(.tensorTooLarge(name)) }
            end = next
        }
        guard unsupported.isEmpty else { throw cursor.fail(.unsupportedTensorTypes(unsupported)) }
        try place(records, bytes, cursor, store)
    }

    private mutating func place(
        _ records: [Record], _ bytes: RawSpan, _ cursor: GGUFCursor, _ store: ByteStore
    ) throws(GGUFError) {
        guard let last = records.last else { return }
        // The list lies within the file, so neither sum comes near overflow before the last tensor's size.
        guard let start = padded(0, adding: cursor.position) else { throw cursor.fail(.tensorTooLarge(last.name)) }
        let (lastBegin, overflow) = start.addingReportingOverflow(last.offset)
        let (needed, overflow2) = lastBegin.addingReportingOverflow(last.byteCount)
        guard !overflow, !overflow2 else { throw cursor.fail(.tensorTooLarge(last.name)) }
        guard needed <= bytes.byteCount else {
            throw cursor.fail(.truncated(needed: needed, actual: bytes.byteCount))
        }
        tensors.reserveCapacity(records.count)
        for record in records {
            let begin = start + record.offset
            guard let data = ByteRegion(store, begin..<begin + record.byteCount) else {
                throw cursor.fail(.truncated(needed: needed, actual: bytes.byteCount))
            }
            tensors.append(
                GGUFTensor(
                    name: record.name, dimensions: record.dimensions, type: record.type, data: data,
                    file: cursor.file))
        }
    }

    private func readName(_ index: Int, _ bytes: RawSpan, _ cursor: inout GGUFCursor) throws(GGUFError) -> String {
        let length = try cursor.uint64(bytes, "the name length of tensor \(index)")
        guard (1...63).contains(length) else { throw cursor.fail(.tensorNameLength(length, tensor: index)) }
        guard length <= UInt64(cursor.remaining(bytes)) else {
            throw cursor.fail(.endOfFile(offset: bytes.byteCount, reading: "the name of tensor \(index)"))
        }
        return try cursor.text(bytes, count: Int(length), "the name of tensor \(index)")
    }

    private func readShape(
        _ name: String, _ bytes: RawSpan, _ cursor: inout GGUFCursor
    ) throws(GGUFError) -> (dimensions: [Int], elements: Int) {
        let rank = try cursor.uint32(bytes, "the dimension count of tensor \(name)")
        guard (1...4).contains(rank) else { throw cursor.fail(.dimensionCount(rank, tensor: name)) }
        var dimensions: [Int] = []
        var elements = 1
        for _ in 0..<rank {
            let raw = Int64(bitPattern: try cursor.uint64(bytes, "the shape of tensor \(name)"))
            guard raw > 0 else { throw cursor.fail(.dimension(raw, tensor: name)) }
            let size = Int(raw)
            let (product, overflow) = elements.multipliedReportingOverflow(by: size)
            guard !overflow else { throw cursor.fail(.tensorTooLarge(name)) }
            elements = product
            dimensions.append(size)
        }
        return (dimensions, elements)
    }

    private func byteCount(
        of type: TensorType, _ dimensions: [Int], elements: Int, _ name: String, _ cursor: GGUFCursor
    ) throws(GGUFError) -> Int {
        guard dimensions[0] % type.blockSize == 0 else {
            throw cursor.fail(.partialBlock(tensor: name, columns: dimensions[0], type: type))
        }
        guard let size = type.byteCount(of: elements) else { throw cursor.fail(.tensorTooLarge(name)) }
        return size
    }

    /// `begin + size`, rounded up to the alignment; nil on overflow.
    private func padded(_ begin: Int, adding size: Int) -> Int? {
        let (sum, overflow) = begin.addingReportingOverflow(size)
        let (rounded, overflow2) = sum.addingReportingOverflow(alignment - 1)
        return overflow || overflow2 ? nil : rounded & ~(alignment - 1)
    }
}
