import ModelFiles
import TensorCore

/// Turns the rows of a float tensor into another type, a piece at a time.
struct TensorEncoder {
    let name: String
    let source: Matrix
    let target: TensorType
    /// Which row of the source comes next, where rows change places; nil to keep their order.
    let rowOrder: RowPermutation?

    /// Elements in a piece: enough to keep the disk busy, little next to a model.
    private static let pieceSize = 1 << 20

    /// Writes all rows to `sink`.
    func write(to sink: GGUFTensorSink) throws {
        let rowsPerPiece = max(1, Self.pieceSize / source.columns)
        var row = 0
        while row < source.rows {
            let rows = row..<min(source.rows, row + rowsPerPiece)
            let region = region(of: rows)
            if source.type == target, rowOrder == nil {
                try region.withBytes { bytes in try sink.write(bytes) }
            } else {
                let piece = piece(rows, region)
                let encoded = source.type == target ? piece : try encode(floats(piece))
                try sink.write(encoded.span.bytes)
            }
            // A checkpoint is read once; without this all of it would count as this process's memory.
            region.dropPages()
            row = rows.upperBound
        }
    }

    /// Where `rows` lie.
    private func region(of rows: Range<Int>) -> ByteRegion {
        let (start, size) = (source.data.range.lowerBound, source.bytesPerRow)
        return ByteRegion(source.data.store, start + rows.lowerBound * size..<start + rows.upperBound * size)
            ?? source.data
    }

    /// The bytes of `rows`, which lie in `region` unless rows change places.
    private func piece(_ rows: Range<Int>, _ region: ByteRegion) -> [UInt8] {
        guard let rowOrder else { return region.withBytes { $0.withUnsafeBytes { [UInt8]($0) } } }
        let size = source.bytesPerRow
        var piece: [UInt8] = []
        piece.reserveCapacity(rows.count * size)
        source.data.withBytes { bytes in
            bytes.withUnsafeBytes { bytes in
                for row in rows {
                    let start = rowOrder.source(of: row) * size
                    piece.append(contentsOf: bytes[start..<start + size])
                }
            }
        }
        return piece
    }

    private func floats(_ piece: [UInt8]) -> [Float] {
        switch source.type {
        case .f32: piece.load(as: UInt32.self).map { Float(bitPattern: $0) }
        case .bf16: piece.load(as: UInt16.self).map { Float(bitPattern: UInt32($0) << 16) }
        default: FloatOps.floats(fromHalves: piece.load(as: UInt16.self))
        }
    }

    private func encode(_ numbers: [Float]) throws -> [UInt8] {
        switch target {
        case .f32: return numbers.map(\.bitPattern).storedBytes
        case .bf16: return numbers.map(Self.brainFloat).storedBytes
        case .f16:
            let halves = FloatOps.halves(fromFloats: numbers)
            if let index = halves.firstIndex(where: { $0 & 0x7C00 == 0x7C00 }) {
                guard numbers[index].isFinite else { throw ConversionError.notFinite(tensor: name) }
                throw ConversionError.overflow(tensor: name)
            }
            return halves.storedBytes
        default:
            guard let blocks = Self.quantized8(numbers) else { throw ConversionError.notFinite(tensor: name) }
            return blocks
        }
    }

    /// The upper half of a float, rounded to nearest, ties to even; what is no number stays none.
    private static func brainFloat(_ number: Float) -> UInt16 {
        let bits = number.bitPattern
        if number.isNaN { return UInt16(truncatingIfNeeded: bits >> 16) | 0x40 }
        return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16) & 1) >> 16)
    }

    /// Blocks of 32: an F16 scale, the largest magnitude over 127, and 32 signed codes, rounded half away from zero; nil
    /// when a number is not finite.
    private static func quantized8(_ numbers: [Float]) -> [UInt8]? {
        let count = numbers.count / 32
        var scales = [Float](repeating: 0, count: count)
        var isFinite = true
        let codes = [UInt8](unsafeUninitializedCapacity: count * 32) { codes, initialized in
            numbers.withUnsafeBufferPointer { numbers in
                for block in 0..<count {
                    let block32 = UnsafeBufferPointer(rebasing: numbers[block * 32..<block * 32 + 32])
                    // Magnitudes compare as their bits do, and what is not finite comes last.
                    let largest = block32.reduce(UInt32(0)) { max($0, $1.magnitude.bitPattern) }
                    if largest >= Float.infinity.bitPattern { isFinite = false }
                    let scale = Float(bitPattern: largest) / 127
                    let inverse = scale == 0 ? 0 : 1 / scale
                    scales[block] = scale
                    for index in 0..<32 { codes[block * 32 + index] = code(block32[index] * inverse) }
                }
            }
            initialized = count * 32
        }
        guard isFinite else { return nil }
        let halves = FloatOps.halves(fromFloats: scales)
        var blocks: [UInt8] = []
        blocks.reserveCapacity(count * 34)
        for block in 0..<count {
            blocks.append(UInt8(truncatingIfNeeded: halves[block]))
            blocks.append(UInt8(truncatingIfNeeded: halves[block] >> 8))
            blocks.append(contentsOf: codes[block * 32..<block * 32 + 32])
        }
        return blocks
    }

    /// The whole number nearest to `number`, which is at most 127 in magnitude, as the bits of an `Int8`; halves go away
    /// from zero.
    ///
    /// Adding 1.5 · 2^23 rounds to even without a call, leaving the result in the low bits; halves are then mended.
    @inline(__always)
    private static func code(_ number: Float) -> UInt8 {
        let shifted = number + 0x1.8p23
        let left = number - (shifted - 0x1.8p23)
        let up: UInt32 = left == 0.5 && number > 0 ? 1 : 0
        let down: UInt32 = left == -0.5 && number < 0 ? 1 : 0
        return UInt8(truncatingIfNeeded: shifted.bitPattern &+ up &- down)
    }
}

/// The order in which Llama GGUF files keep the rows of q and k: in each head the two halves, which rotate together,
/// are interleaved.
struct RowPermutation {
    let headDimension: Int

    /// The row of the checkpoint that becomes row `index`.
    func source(of index: Int) -> Int {
        let (head, within) = index.quotientAndRemainder(dividingBy: headDimension)
        return head * headDimension + within / 2 + within % 2 * (headDimension / 2)
    }
}

extension [UInt8] {
    /// The little-endian numbers these bytes are.
    fileprivate func load<Number: FixedWidthInteger>(as type: Number.Type) -> [Number] {
        let size = MemoryLayout<Number>.size
        return withUnsafeBytes { bytes in
            (0..<count / size).map {
                Number(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * size, as: Number.self))
            }
        }
    }
}

extension Array where Element: FixedWidthInteger {
    /// The numbers as little-endian bytes.
    fileprivate var storedBytes: [UInt8] { map(\.littleEndian).withUnsafeBytes { [UInt8]($0) } }
}
