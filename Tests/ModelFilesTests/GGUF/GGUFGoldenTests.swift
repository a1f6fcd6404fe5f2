import ModelFiles
import TensorCore
import TestSupport
import Testing

/// Files written by the `gguf` Python package (scripts/golden/gguf_files.py).
@Suite struct GGUFGoldenTests {
    private static let types: [TensorType] = [
        .f32, .f16, .bf16, .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .q2_K, .q3_K, .q4_K, .q5_K, .q6_K, .iq4_NL, .iq4_XS,
    ]

    @Test(arguments: [["all.gguf"], (1...3).map { "split-0000\($0)-of-00003.gguf" }])
    func readsEveryType(names: [String]) throws {
        let paths = names.map { Golden.path("gguf/\($0)") }
        let file = try GGUFFile(path: paths[0])
        #expect(file.paths == paths)
        let values: [(String, GGUFValue)] = [
            ("uint8", .uint8(200)), ("int8", .int8(-5)), ("uint16", .uint16(60_000)), ("int16", .int16(-300)),
            ("uint32", .uint32(4_000_000_000)), ("int32", .int32(-70_000)), ("uint64", .uint64(1 << 63)),
            ("int64", .int64(-1 << 40)), ("float32", .float32(0.1)), ("float64", .float64(0.1)),
            ("bool", .bool(true)), ("string", .string("naïve €")),
            ("strings", .strings(GGUFStringArray(["one", "", "drei €"]))),
            ("ints", .numbers(GGUFNumbers([1, -2, 3] as [Int32]))),
            ("floats", .numbers(GGUFNumbers([0.5, -1] as [Float]))),
            ("bools", .numbers(GGUFNumbers([true, false]))),
        ]
        for (name, value) in values { #expect(file.metadata["test.\(name)"] == value) }
        #expect(file.tensors.map { $0.type } == Self.types)
        for (index, tensor) in file.tensors.enumerated() {
            let matrix = try tensor.matrix
            #expect(matrix.rows == 3 && matrix.columns == 2 * tensor.type.blockSize)
            #expect(tensor.data.withBytes { $0.withUnsafeBytes { $0.allSatisfy { $0 == UInt8(index) } } })
        }
    }

    @Test(arguments: [
        "gguf/all.gguf", "models/stablelm-3b/model.gguf", "models/stablelm-2-12b/model.gguf", "models/llama/model.gguf",
        "models/llama-3/model.gguf",
    ])
    func writesTheBytesThePackageWrites(name: String) throws {
        #expect(try GGUFWriter(copying: GGUFFile(path: Golden.path(name))).bytes() == Golden.bytes(name))
    }
}
