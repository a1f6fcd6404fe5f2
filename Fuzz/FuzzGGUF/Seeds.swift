#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

import ModelFiles
import TensorCore

/// With `KITE_FUZZ_SEEDS` set, writes valid files to start from into that folder, and leaves.
@_cdecl("LLVMFuzzerInitialize")
public func fuzzInitialize(
    _ count: UnsafeMutablePointer<CInt>?, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> CInt {
    guard let folder = getenv("KITE_FUZZ_SEEDS") else { return 0 }
    do {
        for (name, writer) in try seeds() { try writer.write(to: "\(String(cString: folder))/\(name).gguf") }
        exit(0)
    } catch {
        print(error)
        exit(1)
    }
}

/// Files that between them have every value type, every tensor type and several alignments.
private func seeds() throws -> [(String, GGUFWriter)] {
    var values = GGUFMetadata()
    values["general.architecture"] = .string("stablelm")
    values["u8"] = .uint8(1)
    values["i8"] = .int8(-1)
    values["u16"] = .uint16(2)
    values["i16"] = .int16(-2)
    values["u32"] = .uint32(3)
    values["i32"] = .int32(-3)
    values["u64"] = .uint64(4)
    values["i64"] = .int64(-4)
    values["f32"] = .float32(1e-5)
    values["f64"] = .float64(0.5)
    values["bool"] = .bool(true)
    values["bytes"] = .bytes([0xFF, 0xFE])
    values["strings"] = .strings(GGUFStringArray(["a", "", "bc"]))
    values["ints"] = .numbers(GGUFNumbers([1, -2] as [Int32]))
    values["longs"] = .numbers(GGUFNumbers([1, -2] as [Int64]))
    values["floats"] = .numbers(GGUFNumbers([1, 0.5] as [Float]))
    values["doubles"] = .numbers(GGUFNumbers([1, 0.5] as [Double]))
    values["bools"] = .numbers(GGUFNumbers([true, false]))
    values["bytes8"] = .numbers(GGUFNumbers([1, 2, 3] as [UInt8]))

    var types = GGUFWriter()
    for type in TensorType.allCases {
        let bytes = [UInt8](repeating: 7, count: type.blockBytes * 2)
        try types.add(
            type.name, type: type, dimensions: [type.blockSize, 2], data: ByteRegion(ByteStore.copying(bytes)))
    }
    var aligned = GGUFWriter()
    aligned.metadata["general.alignment"] = .uint32(8)
    for rank in 1...4 {
        let dimensions = (0..<rank).map { $0 + 1 }
        let bytes = [UInt8](repeating: 1, count: 2 * dimensions.reduce(1, *))
        try aligned.add("t\(rank)", type: .f16, dimensions: dimensions, data: ByteRegion(ByteStore.copying(bytes)))
    }
    return [("values", GGUFWriter(metadata: values)), ("types", types), ("aligned", aligned), ("empty", GGUFWriter())]
}
