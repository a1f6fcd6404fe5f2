public import TensorCore

/// A metadata array of numbers or truth values, read from the file's bytes when asked for.
public struct GGUFNumbers: Sendable, RandomAccessCollection, Equatable {
    /// Type of the elements; never `string` or `array`.
    public let type: GGUFValueType
    /// Number of elements.
    public let count: Int
    /// The elements, little endian, one after the other.
    public let region: ByteRegion

    /// `region` must hold exactly `count` elements, and truth values of 0 and 1 only.
    init(type: GGUFValueType, count: Int, region: ByteRegion) {
        self.type = type
        self.count = count
        self.region = region
    }

    /// Index of the first element.
    public var startIndex: Int { 0 }
    /// Index after the last element.
    public var endIndex: Int { count }

    /// Element `index` with its type.
    public subscript(index: Int) -> GGUFValue {
        region.withBytes { bytes in
            switch type {
            case .uint8: .uint8(load(bytes, index))
            case .int8: .int8(load(bytes, index))
            case .uint16: .uint16(load(bytes, index))
            case .int16: .int16(load(bytes, index))
            case .uint32: .uint32(load(bytes, index))
            case .int32: .int32(load(bytes, index))
            case .uint64: .uint64(load(bytes, index))
            case .int64: .int64(load(bytes, index))
            case .bool: .bool(load(bytes, index) as UInt8 != 0)
            case .float32: .float32(Float(bitPattern: load(bytes, index)))
            case .float64, .string, .array: .float64(Double(bitPattern: load(bytes, index)))
            }
        }
    }

    /// All elements as integers; nil when they are not integers or one does not fit.
    public func ints() -> [Int]? {
        region.withBytes { bytes in
            switch type {
            case .uint8: integers(bytes, UInt8.self)
            case .int8: integers(bytes, Int8.self)
            case .uint16: integers(bytes, UInt16.self)
            case .int16: integers(bytes, Int16.self)
            case .uint32: integers(bytes, UInt32.self)
            case .int32: integers(bytes, Int32.self)
            case .uint64: integers(bytes, UInt64.self)
            case .int64: integers(bytes, Int64.self)
            case .bool, .float32, .float64, .string, .array: nil
            }
        }
    }

    /// All elements as `Float`, doubles and integers rounded; nil for truth values.
    public func floats() -> [Float]? {
        region.withBytes { bytes in
            switch type {
            case .float32: (0..<count).map { Float(bitPattern: load(bytes, $0)) }
            case .float64: (0..<count).map { Float(Double(bitPattern: load(bytes, $0))) }
            case .bool, .string, .array: nil
            default: ints()?.map { Float($0) }
            }
        }
    }

    /// All elements as truth values; nil when they are something else.
    public func bools() -> [Bool]? {
        guard type == .bool else { return nil }
        return region.withBytes { bytes in (0..<count).map { load(bytes, $0) as UInt8 != 0 } }
    }

    /// Whether type, count and bytes are the same.
    public static func == (left: GGUFNumbers, right: GGUFNumbers) -> Bool {
        left.type == right.type && left.count == right.count
            && left.region.withBytes { $0.array } == right.region.withBytes { $0.array }
    }

    private func load<Number: FixedWidthInteger & BitwiseCopyable>(_ bytes: RawSpan, _ index: Int) -> Number {
        Number(
            littleEndian: bytes.unsafeLoadUnaligned(
                fromByteOffset: index * MemoryLayout<Number>.size, as: Number.self))
    }

    private func integers<Number: FixedWidthInteger & BitwiseCopyable>(
        _ bytes: RawSpan, _ number: Number.Type
    ) -> [Int]? {
        var result: [Int] = []
        result.reserveCapacity(count)
        for index in 0..<count {
            guard let value = Int(exactly: load(bytes, index) as Number) else { return nil }
            result.append(value)
        }
        return result
    }
}

extension GGUFNumbers {
    /// An array of signed 32-bit integers, the type of token types.
    public init(_ values: [Int32]) { self.init(.int32, values.map { UInt32(bitPattern: $0) }) }
    /// An array of unsigned 32-bit integers.
    public init(_ values: [UInt32]) { self.init(.uint32, values) }
    /// An array of unsigned bytes.
    public init(_ values: [UInt8]) { self.init(.uint8, values) }
    /// An array of signed 64-bit integers.
    public init(_ values: [Int64]) { self.init(.int64, values.map { UInt64(bitPattern: $0) }) }
    /// An array of floats, the type of token scores.
    public init(_ values: [Float]) { self.init(.float32, values.map { $0.bitPattern }) }
    /// An array of doubles.
    public init(_ values: [Double]) { self.init(.float64, values.map { $0.bitPattern }) }
    /// An array of truth values.
    public init(_ values: [Bool]) { self.init(.bool, values.map { $0 ? 1 : 0 as UInt8 }) }

    private init<Number: FixedWidthInteger & BitwiseCopyable>(_ type: GGUFValueType, _ values: [Number]) {
        let little = values.map { $0.littleEndian }
        let bytes = little.withUnsafeBytes { [UInt8]($0) }
        self.init(type: type, count: values.count, region: ByteRegion(ByteStore.copying(bytes)))
    }
}
