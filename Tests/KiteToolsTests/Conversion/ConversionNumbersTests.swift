import KiteTools
import ModelFiles
import TensorCore
import TestSupport
import Testing

@Suite struct ConversionNumbersTests {
    /// Converts the reference model `llama` with the first weights of `lm_head` replaced by `numbers`.
    private func convert(_ numbers: [Float], _ type: ConversionType) throws -> GGUFTensor {
        let source = "models/llama-tied/hf/"
        return try TemporaryFolder.with { folder in
            let file = try SafetensorsFile(path: Golden.path(source + "model.safetensors"))
            var writer = SafetensorsWriter()
            for tensor in file.tensors {
                guard tensor.name == "model.embed_tokens.weight" else {
                    try writer.add(tensor.name, type: tensor.type, shape: tensor.shape, data: tensor.data)
                    continue
                }
                let count = tensor.data.count / 4
                let all = (0..<count).map { $0 < numbers.count ? numbers[$0] : 0 }
                let bytes = all.flatMap { value in withUnsafeBytes(of: value.bitPattern) { [UInt8]($0) } }
                try writer.add(tensor.name, type: .f32, shape: tensor.shape, data: ByteRegion(.copying(bytes)))
            }
            try writer.write(to: folder.path("model.safetensors"))
            for name in ["config.json", "tokenizer.json", "tokenizer_config.json"] {
                try folder.write(name, Golden.bytes(source + name))
            }
            let bytes = try ModelConverter(HuggingFaceFolder(path: folder.path("")), type: type).writer().bytes()
            return try GGUFFile(.copying(bytes), name: "sample").requiredTensor("token_embd.weight")
        }
    }

    private func bytes(_ tensor: GGUFTensor, _ count: Int) -> [UInt8] {
        tensor.data.withBytes { $0.withUnsafeBytes { [UInt8]($0.prefix(count)) } }
    }

    @Test func roundsBrainFloatsToEven() throws {
        let numbers: [Float] = [1, 1 + 0x1p-8, 1 + 0x3p-8, 1 + 0x1p-8 + 0x1p-20, -0.0, 3.3e38]
        let found = bytes(try convert(numbers, .bf16), 12)
        #expect(found == [0x80, 0x3F, 0x80, 0x3F, 0x82, 0x3F, 0x81, 0x3F, 0, 0x80, 0x78, 0x7F])
    }

    @Test func quantizesToEightBits() throws {
        var numbers = [Float](repeating: 0, count: 32)
        numbers[0] = -127
        numbers[1] = 0.5
        numbers[2] = -0.5
        numbers[3] = 1.5
        numbers[4] = 126.4
        // The scale is 1, and halves go away from zero.
        let found = bytes(try convert(numbers, .q8_0), 34)
        #expect(found.prefix(8) == [0x00, 0x3C, 0x81, 0x01, 0xFF, 0x02, 0x7E, 0x00])
    }

    private static let overflow = ConversionError.overflow(tensor: "token_embd.weight", row: 0, column: 0)
    private static let notFinite = ConversionError.notFinite(tensor: "token_embd.weight", row: 0, column: 0)

    @Test func refusesWeightsThatDoNotFit() throws {
        #expect(throws: Self.overflow) { try convert([70000], .f16) }
        for number in [Float.infinity, -.infinity, .nan] {
            #expect(throws: Self.notFinite) { try convert([number], .f16) }
            #expect(throws: Self.notFinite) { try convert([number], .q8_0) }
        }
    }

    @Test func namesTypes() throws {
        #expect(try ConversionType(name: "Q8_0") == .q8_0)
        #expect(throws: ConversionError.unknownType("q4_k")) { try ConversionType(name: "q4_k") }
    }
}
