internal import CKernels

/// Why numbers could not be stored as a type.
package struct EncodingError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The type asked for.
    package let type: TensorType
    /// Numbers in the row.
    package let count: Int

    package init(type: TensorType, count: Int) {
        self.type = type
        self.count = count
    }

    /// One line for a person.
    package var description: String {
        count % type.blockSize == 0
            ? "cannot encode to \(type.name): only F32, F16, BF16 and Q8_0 can be written here"
            : "a row of \(count) numbers is no whole number of \(type.name) blocks of \(type.blockSize)"
    }
}

/// Stores floats as tensor types that need no search for the best scale.
package enum Quantizer {
    /// Appends `row` stored as `type`.
    ///
    /// F16 and BF16 round half to even, as torch does. Q8_0 gives the bytes of the reference encoder.
    package static func encode(
        _ row: Span<Float>, as type: TensorType, appendingTo bytes: inout [UInt8]
    ) throws(EncodingError) {
        let count = row.count
        guard let size = type.byteCount(of: count) else { throw EncodingError(type: type, count: count) }
        let encoded = row.withUnsafeBufferPointer { numbers -> [UInt8]? in
            [UInt8].encoding(numbers, as: type, size: size)
        }
        guard let encoded else { throw EncodingError(type: type, count: count) }
        bytes.append(contentsOf: encoded)
    }

    /// `row` stored as `type`.
    package static func encode(_ row: [Float], as type: TensorType) throws(EncodingError) -> [UInt8] {
        var bytes: [UInt8] = []
        try encode(row.span, as: type, appendingTo: &bytes)
        return bytes
    }
}

extension [UInt8] {
    /// nil when there is no encoder for `type`.
    fileprivate static func encoding(
        _ numbers: UnsafeBufferPointer<Float>, as type: TensorType, size: Int
    ) -> [UInt8]? {
        guard [.f32, .f16, .bf16, .q8_0].contains(type) else { return nil }
        guard let source = numbers.baseAddress, size > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = size
            let raw = UnsafeMutableRawBufferPointer(buffer)
            switch type {
            case .f16:
                let halves = FloatOps.halves(fromFloats: [Float](numbers))
                halves.withUnsafeBytes { raw.copyMemory(from: $0) }
            case .bf16: kite_encode_bf16(source, numbers.count, raw.baseAddress)
            case .q8_0: kite_encode_q8_0(source, numbers.count, raw.baseAddress)
            default: raw.copyMemory(from: UnsafeRawBufferPointer(numbers))
            }
        }
    }
}
