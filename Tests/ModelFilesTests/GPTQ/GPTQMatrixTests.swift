import ModelFiles
import TensorCore
import TestSupport
import Testing

/// Matrices of scripts/golden/gptq.py: packed as AutoGPTQ does, beside the numbers they stand for.
@Suite struct GPTQMatrixTests {
    static let variants = [
        "4bit-32", "4bit-32-v2", "4bit-32-order", "4bit-128", "4bit-128-order", "4bit-row", "4bit-row-order", "8bit-32",
        "8bit-32-v2", "8bit-32-order", "8bit-128", "8bit-128-order", "8bit-row", "8bit-row-order",
    ]
    /// The second half of a name.
    private static let groupSizes: [Substring: Int64] = ["32": 32, "128": 128, "row": -1]

    static func settings(_ name: String) throws -> GPTQSettings {
        let parts = name.split(separator: "-")
        let isSecond = name.hasSuffix("-v2") || name == "8bit-row-order"
        return try settings([
            "bits": parts[0] == "4bit" ? 4 : 8, "group_size": .integer(groupSizes[parts[1]] ?? 0),
            "checkpoint_format": .string(isSecond ? "gptq_v2" : "gptq"),
        ])
    }

    private static func settings(_ config: JSONValue) throws -> GPTQSettings { try GPTQSettings(config.asObject()) }

    private func file(_ name: String) throws -> SafetensorsFile {
        try SafetensorsFile(path: Golden.path("gptq/\(name).safetensors"))
    }

    private func matrix(_ name: String, rows: Int = 16, columns: Int = 256) throws -> GPTQMatrix {
        try GPTQMatrix(
            "layer", rows: rows, columns: columns, in: SafetensorsCheckpoint(files: [file(name)]), Self.settings(name))
    }

    private func expected(_ name: String) throws -> [Float] {
        let matrix = try #require(try file(name)[tensor: "layer.weight"]).matrix
        return (0..<matrix.rows).flatMap { matrix.dequantizedRow($0) }
    }

    @Test(arguments: variants) func readsTheNumbers(_ name: String) throws {
        let matrix = try matrix(name)
        let buffer = try FloatBuffer(count: 16 * 256)
        try buffer.withMutableSpan { try matrix.read(Array(0..<16), into: &$0) }
        let expected = try expected(name)
        buffer.withSpan { numbers in
            for index in expected.indices { #expect(numbers[index] == expected[index]) }
        }
    }

    @Test(arguments: variants) func losesNothingButTheRoundingOfScalesAndOffsets(_ name: String) throws {
        let matrix = try matrix(name)
        let hasOrder = name.hasSuffix("-order") && !name.contains("-row-")
        let isAsymmetric8 = name == "8bit-128" || name == "8bit-row-order"
        #expect(matrix.type == (hasOrder || isAsymmetric8 ? .f16 : name.hasPrefix("4") ? .q4_1 : .q8_0))
        let unpacked = try matrix.unpacked()
        let expected = try expected(name)
        let largest = expected.map(\.magnitude).max() ?? 0
        for row in 0..<16 {
            for (column, number) in unpacked.dequantizedRow(row).enumerated() {
                let truth = expected[row * 256 + column]
                switch matrix.type {
                case .q8_0: #expect(number == truth)
                case .f16: #expect(number == FloatOps.floats(fromHalves: FloatOps.halves(fromFloats: [truth]))[0])
                default: #expect(abs(number - truth) <= 2 * largest * 0x1p-11)
                }
            }
        }
    }

    @Test func takesRowsInAnyOrder() throws {
        let matrix = try matrix("4bit-32-order")
        let buffer = try FloatBuffer(count: 2 * 256)
        try buffer.withMutableSpan { try matrix.read([9, 3], into: &$0) }
        let expected = try expected("4bit-32-order")
        buffer.withSpan { numbers in
            for column in 0..<256 {
                #expect(numbers[column] == expected[9 * 256 + column])
                #expect(numbers[256 + column] == expected[3 * 256 + column])
            }
        }
    }

    // MARK: Bad input

    /// The tensors of a variant with one replaced; without bytes it is left out.
    private func damaged(
        _ key: String, _ type: SafetensorsType, _ shape: [Int], _ bytes: [UInt8]?
    ) throws -> SafetensorsCheckpoint {
        var writer = SafetensorsWriter()
        for tensor in try file("4bit-32").tensors where tensor.name != "layer.\(key)" {
            try writer.add(tensor.name, type: tensor.type, shape: tensor.shape, data: tensor.data)
        }
        if let bytes { try writer.add("layer.\(key)", type: type, shape: shape, data: ByteRegion(.copying(bytes))) }
        return try SafetensorsCheckpoint(files: [SafetensorsFile(.copying(writer.bytes()), path: "damaged")])
    }

    private func open(_ weights: SafetensorsCheckpoint, rows: Int = 16, columns: Int = 256) throws -> GPTQMatrix {
        try GPTQMatrix("layer", rows: rows, columns: columns, in: weights, Self.settings("4bit-32"))
    }

    @Test func namesWhatIsWrong() throws {
        let none = [UInt8](repeating: 0, count: 32 * 8 * 4)
        #expect(throws: GPTQError.missing("layer.qzeros")) { try open(damaged("qzeros", .i32, [], nil)) }
        #expect(throws: GPTQError.wrongShape("layer.qweight", found: [16, 16], expected: [32, 16])) {
            try open(damaged("qweight", .i32, [16, 16], Array(none.prefix(1024))))
        }
        #expect(throws: GPTQError.wrongShape("layer.qzeros", found: [8, 4], expected: [8, 2])) {
            try open(damaged("qzeros", .i32, [8, 4], Array(none.prefix(128))))
        }
        #expect(throws: GPTQError.wrongShape("layer.scales", found: [4, 16], expected: [8, 16])) {
            try open(damaged("scales", .f16, [4, 16], Array(none.prefix(128))))
        }
        #expect(throws: GPTQError.wrongType("layer.qweight", found: "F32", expected: "I32")) {
            try open(damaged("qweight", .f32, [16, 16], Array(none.prefix(1024))))
        }
        #expect(throws: GPTQError.group("layer.g_idx", column: 0, group: 255, groups: 8)) {
            try open(damaged("g_idx", .i32, [256], [255] + [UInt8](repeating: 0, count: 1023)))
        }
        #expect(throws: GPTQError.indivisible("layer", size: 12, by: 8)) {
            try open(damaged("none", .i32, [], nil), rows: 12)
        }
        let infinite = try damaged("scales", .f16, [8, 16], [0, 0x7C] + none.prefix(254))
        #expect(throws: GPTQError.self) { try open(infinite).unpacked() }
    }

    @Test func refusesOtherSettings() throws {
        #expect(throws: GPTQError.bits(3)) { try Self.settings(["bits": 3]) }
        #expect(throws: GPTQError.groupSize(0)) { try Self.settings(["group_size": 0]) }
        #expect(throws: GPTQError.format("marlin")) { try Self.settings(["checkpoint_format": "marlin"]) }
    }
}
