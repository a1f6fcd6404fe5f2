package import TensorCore

/// A matrix that a GPTQ checkpoint keeps as four tensors: codes, zero points, scales, and which group a column is in.
///
/// For a matrix of `rows` × `columns` and `n` = 32 / bits codes in a word, the first at the low end:
///
/// | tensor | type | shape | holds |
/// | --- | --- | --- | --- |
/// | `qweight` | I32 | columns / n, rows | codes, packed along columns |
/// | `qzeros` | I32 | groups, rows / n | zero points less ``GPTQSettings/zeroOffset``, packed along rows |
/// | `scales` | F16 | groups, rows | scales |
/// | `g_idx` | I32 | columns | group of each column; absent: column / group size |
///
/// A weight is scale · (code − zero point). With act-order the groups of `g_idx` are in no order.
package struct GPTQMatrix: Sendable {
    package let rows: Int
    package let columns: Int
    /// What the matrix is stored as where nothing is lost but the rounding of scales and offsets to F16: Q4_1 and Q8_0
    /// where columns of a group lie together, F16 elsewhere.
    package let type: TensorType
    private let bits: Int
    private let zeroOffset: Int
    private let codes: ByteRegion
    private let zeros: ByteRegion
    private let scales: Matrix
    /// The group of each column.
    private let groups: [Int32]

    /// The matrix called `name` (without `.weight`), which the model needs to be `rows` × `columns`.
    /// - Throws: ``GPTQError`` and ``SafetensorsError``.
    package init(
        _ name: String, rows: Int, columns: Int, in weights: SafetensorsCheckpoint, _ settings: GPTQSettings
    ) throws {
        self.rows = rows
        self.columns = columns
        bits = settings.bits
        zeroOffset = settings.zeroOffset
        let perWord = 32 / bits
        for size in [rows, columns] where size % perWord != 0 {
            throw GPTQError.indivisible(name, size: size, by: perWord)
        }
        let groupSize = settings.groupSize ?? columns
        let groupCount = (columns + groupSize - 1) / groupSize
        codes = try Self.words(name + ".qweight", [columns / perWord, rows], weights).data
        zeros = try Self.words(name + ".qzeros", [groupCount, rows / perWord], weights).data
        let scaleTensor = try Self.tensor(name + ".scales", weights)
        guard scaleTensor.type.tensorType != nil else {
            throw GPTQError.wrongType(scaleTensor.name, found: scaleTensor.type.rawValue, expected: "F16")
        }
        try Self.check(scaleTensor, [groupCount, rows])
        scales = try scaleTensor.matrix
        let regular = (0..<columns).map { Int32($0 / groupSize) }
        groups =
            try weights[tensor: name + ".g_idx"].map { tensor in
                try Self.groups(Self.words(tensor.name, [columns], weights), count: groupCount)
            } ?? regular
        // A checkpoint without act-order may still have a g_idx, in order.
        let hasBlocks = groups == regular && columns % 32 == 0 && (groupSize % 32 == 0 || groupCount == 1)
        if bits == 4, hasBlocks {
            type = .q4_1
        } else if hasBlocks, Self.allZeros(zeros, are: UInt8(truncatingIfNeeded: 128 - zeroOffset)) {
            type = .q8_0
        } else {
            type = .f16
        }
    }

    /// Fills the beginning of `numbers` with the rows `order`, one after the other.
    package func read(_ order: [Int], into numbers: inout MutableSpan<Float>) throws {
        let codes = unpackedCodes(order)
        for (index, row) in order.enumerated() {
            let parameters = try parameters(of: row)
            for column in 0..<columns {
                let (scale, zero) = parameters[Int(groups[column])]
                let at = index * columns + column
                numbers[at] = scale * Float(Int(codes[at]) - zero)
            }
        }
    }

    /// Appends the rows `order` as blocks of ``type``, which must be Q4_1 or Q8_0.
    package func appendBlocks(_ order: [Int], to bytes: inout [UInt8]) throws {
        let codes = unpackedCodes(order)
        for (index, row) in order.enumerated() {
            let parameters = try parameters(of: row)
            let halves = FloatOps.halves(fromFloats: parameters.flatMap { [$0.scale, -($0.scale * Float($0.zero))] })
            for column in stride(from: 0, to: columns, by: 32) {
                let group = Int(groups[column])
                let block = codes[index * columns + column..<index * columns + column + 32]
                bytes.append(half: halves[2 * group])
                if type == .q4_1 {
                    bytes.append(half: halves[2 * group + 1])
                    // Numbers 0…15 are the low halves of the bytes, 16…31 the high ones.
                    for at in block.startIndex..<block.startIndex + 16 { bytes.append(block[at] | block[at + 16] << 4) }
                } else {
                    for code in block { bytes.append(code &- 128) }
                }
            }
        }
    }

    /// Takes what was read out of this process's memory, where it can be had again from the file.
    package func dropPages() { codes.dropPages() }

    /// The codes of the rows `order`, one row after the other.
    private func unpackedCodes(_ order: [Int]) -> [UInt8] {
        let (perWord, mask) = (32 / bits, UInt32(1) << UInt32(bits) - 1)
        return [UInt8](unsafeUninitializedCapacity: order.count * columns) { result, count in
            codes.withBytes { bytes in
                for word in 0..<columns / perWord {
                    for (index, row) in order.enumerated() {
                        var packed = bytes.word(word * rows + row)
                        let start = index * columns + word * perWord
                        for at in start..<start + perWord {
                            result[at] = UInt8(truncatingIfNeeded: packed & mask)
                            packed >>= UInt32(bits)
                        }
                    }
                }
            }
            count = order.count * columns
        }
    }

    /// Scale and zero point of each group of a row.
    private func parameters(of row: Int) throws -> [(scale: Float, zero: Int)] {
        let (perWord, mask) = (32 / bits, UInt32(1) << UInt32(bits) - 1)
        return try (0..<scales.rows).map { group in
            let scale = scales.number(group, row)
            guard scale.isFinite else { throw GPTQError.scale("scales of a GPTQ matrix, row \(group), column \(row)") }
            let packed = zeros.withBytes { $0.word(group * (rows / perWord) + row / perWord) }
            let zero = packed >> UInt32(row % perWord * bits) & mask
            return (scale, Int(zero) + zeroOffset)
        }
    }

    private static func tensor(_ name: String, _ weights: SafetensorsCheckpoint) throws -> SafetensorsTensor {
        guard let tensor = weights[tensor: name] else { throw GPTQError.missing(name) }
        return tensor
    }

    private static func check(_ tensor: SafetensorsTensor, _ shape: [Int]) throws {
        guard tensor.shape == shape else {
            throw GPTQError.wrongShape(tensor.name, found: tensor.shape, expected: shape)
        }
    }

    private static func words(
        _ name: String, _ shape: [Int], _ weights: SafetensorsCheckpoint
    ) throws -> SafetensorsTensor {
        let tensor = try tensor(name, weights)
        guard tensor.type == .i32 else {
            throw GPTQError.wrongType(name, found: tensor.type.rawValue, expected: "I32")
        }
        try check(tensor, shape)
        return tensor
    }

    private static func groups(_ tensor: SafetensorsTensor, count: Int) throws -> [Int32] {
        let groups = tensor.data.withBytes { bytes in
            (0..<tensor.shape[0]).map { Int32(bitPattern: bytes.word($0)) }
        }
        if let column = groups.firstIndex(where: { !(0..<Int32(clamping: count)).contains($0) }) {
            throw GPTQError.group(tensor.name, column: column, group: Int(groups[column]), groups: count)
        }
        return groups
    }

    /// Whether all zero points, of 8 bits, are `value`.
    private static func allZeros(_ zeros: ByteRegion, are value: UInt8) -> Bool {
        zeros.withBytes { bytes in bytes.withUnsafeBytes { $0.allSatisfy { $0 == value } } }
    }
}

extension RawSpan {
    /// The little-endian word `index`.
    @inline(__always)
    fileprivate func word(_ index: Int) -> UInt32 {
        UInt32(littleEndian: unsafeLoadUnaligned(fromByteOffset: index * 4, as: UInt32.self))
    }
}

extension Matrix {
    /// The number at a place of a float matrix.
    fileprivate func number(_ row: Int, _ column: Int) -> Float {
        data.withBytes { bytes in
            let index = row * columns + column
            switch type {
            case .f32: return Float(bitPattern: bytes.word(index))
            default:
                let half = UInt16(
                    littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
                guard type == .f16 else { return Float(bitPattern: UInt32(half) << 16) }
                return FloatOps.floats(fromHalves: [half])[0]
            }
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(half: UInt16) {
        append(UInt8(truncatingIfNeeded: half))
        append(UInt8(truncatingIfNeeded: half >> 8))
    }
}
