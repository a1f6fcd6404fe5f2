public import ModelFiles

/// Puts GGUF bytes together by hand, right or wrong on purpose, independently of the library's writer.
///
/// ```swift
/// let bytes = GGUFBuilder()
///     .set("general.architecture", .string("stablelm"))
///     .tensor("token_embd.weight", [64, 100], floats: values)
///     .bytes()
/// ```
public struct GGUFBuilder: Sendable {
    /// The first four bytes.
    public var magic: [UInt8] = Array("GGUF".utf8)
    /// The version field.
    public var version: UInt32 = 3
    /// Tensor data starts at multiples of this. Setting it does not add `general.alignment`.
    public var alignment = 32
    /// The tensor count to write instead of the true one.
    public var tensorCount: UInt64?
    /// The entry count to write instead of the true one.
    public var entryCount: UInt64?
    /// Bytes of each metadata entry.
    public private(set) var entries: [[UInt8]] = []
    /// Bytes of each tensor record.
    public private(set) var records: [[UInt8]] = []
    /// The tensor data, padded.
    public private(set) var data: [UInt8] = []

    /// A file without entries or tensors.
    public init() {}

    /// Changes any field.
    public func with(_ change: (inout GGUFBuilder) -> Void) -> GGUFBuilder {
        var copy = self
        change(&copy)
        return copy
    }

    // MARK: Metadata

    /// Adds an entry, also when the key is there already.
    public func set(_ key: String, _ value: GGUFValue) -> GGUFBuilder {
        entry(key, type: value.type.rawValue, GGUFBuilder.payload(value))
    }

    /// Adds an entry with any type id and any payload.
    public func entry(_ key: String, type: UInt32, _ payload: [UInt8]) -> GGUFBuilder {
        raw(entry: Self.text(key) + Self.little(type) + payload)
    }

    /// Adds any bytes where an entry is expected.
    public func raw(entry: [UInt8]) -> GGUFBuilder {
        with { $0.entries.append(entry) }
    }

    // MARK: Tensors

    /// Adds an F32 tensor.
    public func tensor(_ name: String, _ dimensions: [UInt64], floats: [Float]) -> GGUFBuilder {
        tensor(name, dimensions, type: 0, data: floats.flatMap { Self.little($0.bitPattern) })
    }

    /// Adds a tensor with any type id, at the next offset or at any other.
    public func tensor(
        _ name: String, _ dimensions: [UInt64], type: UInt32 = 0, offset: UInt64? = nil, data: [UInt8]
    ) -> GGUFBuilder {
        let shape = Self.little(UInt32(dimensions.count)) + dimensions.flatMap { Self.little($0) }
        let place = Self.little(type) + Self.little(offset ?? UInt64(self.data.count))
        return with {
            $0.records.append(Self.text(name) + shape + place)
            $0.data += data
            $0.data += [UInt8](repeating: 0, count: ($0.alignment - data.count % $0.alignment) % $0.alignment)
        }
    }

    /// Adds any bytes where a tensor record is expected.
    public func raw(record: [UInt8]) -> GGUFBuilder {
        with { $0.records.append(record) }
    }

    // MARK: Bytes

    /// Header, entries and tensor records, without padding and data.
    public func header() -> [UInt8] {
        var result = magic + Self.little(version)
        result += Self.little(tensorCount ?? UInt64(records.count))
        result += Self.little(entryCount ?? UInt64(entries.count))
        for entry in entries { result += entry }
        for record in records { result += record }
        return result
    }

    /// The whole file.
    public func bytes() -> [UInt8] {
        var result = header()
        guard !records.isEmpty else { return result }
        result += [UInt8](repeating: 0, count: (alignment - result.count % alignment) % alignment)
        return result + data
    }

    /// A number, least significant byte first.
    public static func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { [UInt8]($0) }
    }

    /// A length and the bytes of `text`.
    public static func text(_ text: String) -> [UInt8] {
        little(UInt64(text.utf8.count)) + text.utf8
    }

    /// A value as it stands after its type.
    public static func payload(_ value: GGUFValue) -> [UInt8] {
        switch value {
        case .uint8(let number): little(number)
        case .int8(let number): little(number)
        case .uint16(let number): little(number)
        case .int16(let number): little(number)
        case .uint32(let number): little(number)
        case .int32(let number): little(number)
        case .uint64(let number): little(number)
        case .int64(let number): little(number)
        case .float32(let number): little(number.bitPattern)
        case .float64(let number): little(number.bitPattern)
        case .bool(let flag): [flag ? 1 : 0]
        case .string(let string): text(string)
        case .bytes(let bytes): little(UInt64(bytes.count)) + bytes
        case .strings(let strings):
            little(UInt32(8)) + little(UInt64(strings.count))
                + strings.flatMap { little(UInt64($0.count)) + $0 }
        case .numbers(let numbers):
            little(numbers.type.rawValue) + little(UInt64(numbers.count)) + numbers.flatMap { payload($0) }
        }
    }
}
