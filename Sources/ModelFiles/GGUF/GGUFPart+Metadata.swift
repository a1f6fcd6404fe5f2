import TensorCore

extension GGUFPart {
    /// Reads one key with its value.
    mutating func readEntry(
        _ index: Int, _ bytes: RawSpan, _ cursor: inout GGUFCursor, _ store: ByteStore
    ) throws(GGUFError) {
        let length = try cursor.uint64(bytes, "the key length of metadata entry \(index)")
        guard (1...GGUFPart.longestKey).contains(length), length <= UInt64(cursor.remaining(bytes)) else {
            throw cursor.fail(.keyLength(length, entry: index))
        }
        let key = try cursor.text(bytes, count: Int(length), "the key of metadata entry \(index)")
        guard metadata[key] == nil else { throw cursor.fail(.duplicateKey(key)) }
        let rawType = try cursor.uint32(bytes, "the type of \(key)")
        guard let type = GGUFValueType(rawValue: rawType) else {
            throw cursor.fail(.unknownValueType(rawType, key: key))
        }
        metadata[key] = try GGUFPart.readValue(type, key, bytes, &cursor, store)
    }

    private static func readValue(
        _ type: GGUFValueType, _ key: String, _ bytes: RawSpan, _ cursor: inout GGUFCursor, _ store: ByteStore
    ) throws(GGUFError) -> GGUFValue {
        switch type {
        case .uint8: return .uint8(try cursor.uint8(bytes, key))
        case .int8: return .int8(Int8(bitPattern: try cursor.uint8(bytes, key)))
        case .uint16: return .uint16(try cursor.uint16(bytes, key))
        case .int16: return .int16(Int16(bitPattern: try cursor.uint16(bytes, key)))
        case .uint32: return .uint32(try cursor.uint32(bytes, key))
        case .int32: return .int32(Int32(bitPattern: try cursor.uint32(bytes, key)))
        case .uint64: return .uint64(try cursor.uint64(bytes, key))
        case .int64: return .int64(Int64(bitPattern: try cursor.uint64(bytes, key)))
        case .float32: return .float32(Float(bitPattern: try cursor.uint32(bytes, key)))
        case .float64: return .float64(Double(bitPattern: try cursor.uint64(bytes, key)))
        case .bool:
            let byte = try cursor.uint8(bytes, key)
            guard byte <= 1 else { throw cursor.fail(.invalidBool(byte, key: key)) }
            return .bool(byte == 1)
        case .string:
            let count = try readStringLength(key, bytes, &cursor)
            let slice = bytes.extracting(cursor.position..<cursor.position + count)
            cursor.position += count
            return slice.validatedText.map(GGUFValue.string) ?? .bytes(slice.array)
        case .array: return try readArray(key, bytes, &cursor, store)
        }
    }

    private static func readStringLength(
        _ key: String, _ bytes: RawSpan, _ cursor: inout GGUFCursor
    ) throws(GGUFError) -> Int {
        let length = try cursor.uint64(bytes, key)
        let remaining = cursor.remaining(bytes)
        guard length <= limit, length <= UInt64(remaining) else {
            throw cursor.fail(.stringLength(length, key: key, remaining: remaining))
        }
        return Int(length)
    }

    private static func readArray(
        _ key: String, _ bytes: RawSpan, _ cursor: inout GGUFCursor, _ store: ByteStore
    ) throws(GGUFError) -> GGUFValue {
        let rawType = try cursor.uint32(bytes, key)
        guard let type = GGUFValueType(rawValue: rawType) else {
            throw cursor.fail(.unknownValueType(rawType, key: key))
        }
        guard type != .array else { throw cursor.fail(.nestedArray(key: key)) }
        let length = try cursor.uint64(bytes, key)
        let remaining = cursor.remaining(bytes)
        // A string takes at least its length field. `length` is below 2^30, so the product cannot overflow.
        let size = type.byteCount ?? 8
        guard length <= limit, Int(length) * size <= remaining else {
            throw cursor.fail(.arrayLength(length, key: key, remaining: remaining))
        }
        let count = Int(length)
        let begin = cursor.position
        if type == .string {
            let starts = try readStrings(key, count, bytes, &cursor)
            guard let region = ByteRegion(store, begin..<cursor.position) else {
                throw cursor.fail(.endOfFile(offset: bytes.byteCount, reading: key))
            }
            return .strings(GGUFStringArray(region: region, starts: starts))
        }
        cursor.position += count * size
        guard let region = ByteRegion(store, begin..<cursor.position) else {
            throw cursor.fail(.endOfFile(offset: bytes.byteCount, reading: key))
        }
        if type == .bool {
            for position in begin..<cursor.position {
                let byte = bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self)
                guard byte <= 1 else { throw cursor.fail(.invalidBool(byte, key: key)) }
            }
        }
        return .numbers(GGUFNumbers(type: type, count: count, region: region))
    }

    /// Steps over `count` strings and notes where each starts.
    private static func readStrings(
        _ key: String, _ count: Int, _ bytes: RawSpan, _ cursor: inout GGUFCursor
    ) throws(GGUFError) -> [Int] {
        let begin = cursor.position
        var starts: [Int] = []
        starts.reserveCapacity(count + 1)
        for _ in 0..<count {
            let length = try readStringLength(key, bytes, &cursor)
            starts.append(cursor.position - begin)
            cursor.position += length
        }
        starts.append(cursor.position - begin + 8)
        return starts
    }
}
