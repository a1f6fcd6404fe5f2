internal import CKernels

extension FloatOps {
    /// The numbers that the IEEE halves `bits` stand for.
    package static func floats(fromHalves bits: [UInt16]) -> [Float] {
        [Float](unsafeUninitializedCapacity: bits.count) { buffer, count in
            if let base = buffer.baseAddress { kite_half_to_float(bits, base, bits.count) }
            count = bits.count
        }
    }

    /// The IEEE halves nearest to `numbers`, ties to even.
    package static func halves(fromFloats numbers: [Float]) -> [UInt16] {
        [UInt16](unsafeUninitializedCapacity: numbers.count) { buffer, count in
            if let base = buffer.baseAddress { kite_float_to_half(numbers, base, numbers.count) }
            count = numbers.count
        }
    }
}
