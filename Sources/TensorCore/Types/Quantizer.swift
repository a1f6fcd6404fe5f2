internal import CKernels

/// Why numbers could not be stored as a type.
package enum EncodingError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A row of `count` numbers is no whole number of blocks of `type`.
    case partialBlock(type: TensorType, count: Int)
    /// `numbers` numbers are no whole number of rows of `columns`.
    case partialRow(numbers: Int, columns: Int)
    /// There are `weights` importance weights for rows of `columns` numbers.
    case importance(weights: Int, columns: Int)
    /// The memory for the result holds `bytes` bytes, and `needed` are needed.
    case room(bytes: Int, needed: Int)

    /// One line for a person.
    package var description: String {
        switch self {
        case .partialBlock(let type, let count):
            "a row of \(count) numbers is no whole number of \(type.name) blocks of \(type.blockSize)"
        case .partialRow(let numbers, let columns): "\(numbers) numbers are no whole number of rows of \(columns)"
        case .importance(let weights, let columns):
            "\(weights) importance weights do not fit rows of \(columns) numbers; there must be one per column"
        case .room(let bytes, let needed): "the encoded rows take \(needed) bytes, and there is room for \(bytes)"
        }
    }
}

/// Stores floats as any tensor type.
///
/// Blocks are the bytes of llama.cpp's reference encoders, on every CPU level and for any division of the rows.
package enum Quantizer {
    /// Encodes `rows`, which lie one after another, `columns` numbers each, into `bytes`, which they fill.
    ///
    /// F16 and BF16 round half to even. Numbers must be finite: `FloatOps.firstNonFinite` tells.
    /// - Parameter importance: a weight per column, the same for every row, by which the loss of a number counts; not
    ///   negative. F32, F16, BF16 and Q8_0 take no notice of it.
    package static func encode(
        rows: Span<Float>, columns: Int, as type: TensorType, importance: Span<Float>? = nil,
        into bytes: inout MutableSpan<UInt8>
    ) throws(EncodingError) {
        let size = try size(of: rows.count, columns: columns, as: type, weights: importance?.count)
        guard bytes.count == size else { throw .room(bytes: bytes.count, needed: size) }
        bytes.withUnsafeMutableBufferPointer { write(rows, columns, type, importance, $0) }
    }

    /// Appends `row` encoded as `type`: the form above for one row.
    package static func encode(
        _ row: Span<Float>, as type: TensorType, importance: Span<Float>? = nil, appendingTo bytes: inout [UInt8]
    ) throws(EncodingError) {
        let size = try size(of: row.count, columns: row.count, as: type, weights: importance?.count)
        let encoded = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            write(row, row.count, type, importance, buffer)
            count = size
        }
        bytes.append(contentsOf: encoded)
    }

    /// `row` encoded as `type`.
    package static func encode(_ row: [Float], as type: TensorType) throws(EncodingError) -> [UInt8] {
        var bytes: [UInt8] = []
        try encode(row.span, as: type, appendingTo: &bytes)
        return bytes
    }

    /// Bytes that `numbers` numbers in rows of `columns` take.
    private static func size(
        of numbers: Int, columns: Int, as type: TensorType, weights: Int?
    ) throws(EncodingError) -> Int {
        guard type.byteCount(of: columns) != nil else { throw .partialBlock(type: type, count: columns) }
        guard columns > 0 ? numbers % columns == 0 : numbers == 0, let size = type.byteCount(of: numbers) else {
            throw .partialRow(numbers: numbers, columns: columns)
        }
        if let weights, weights != columns { throw .importance(weights: weights, columns: columns) }
        return size
    }

    /// Encodes whole rows into as many bytes as they take.
    private static func write(
        _ rows: Span<Float>, _ columns: Int, _ type: TensorType, _ importance: Span<Float>?,
        _ bytes: UnsafeMutableBufferPointer<UInt8>
    ) {
        guard rows.count > 0 else { return }
        rows.withUnsafeBufferPointer { numbers in
            let count = numbers.count / columns
            guard let importance else {
                kite_quantize(type.kernelType, numbers.baseAddress, count, columns, nil, bytes.baseAddress)
                return
            }
            importance.withUnsafeBufferPointer {
                kite_quantize(type.kernelType, numbers.baseAddress, count, columns, $0.baseAddress, bytes.baseAddress)
            }
        }
    }
}
