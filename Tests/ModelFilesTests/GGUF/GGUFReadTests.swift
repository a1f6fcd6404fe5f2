import ModelFiles
import TensorCore
import TestSupport
import Testing

@Suite struct GGUFReadTests {
    @Test(arguments: [2, 3] as [UInt32])
    func readsBothVersions(version: UInt32) throws {
        let file = try GGUFSamples.open(GGUFSamples.small.with { $0.version = version }.bytes())
        #expect(file.version == version)
        #expect(file.alignment == 32)
        #expect(file.paths.isEmpty)
        #expect(file.metadata.entries.count == 18)
        #expect(file.metadata["general.architecture"] == .string("stablelm"))
        #expect(file.metadata["a.uint64"] == .uint64(1 << 63))
        #expect(file.metadata["a.int64"] == .int64(-1 << 40))
        #expect(file.metadata["a.latin"] == .bytes([0xE9, 0x74, 0xE9]))
        #expect(file.metadata["a.float64"] == .float64(0.1))
        #expect(file.metadata["no.such"] == nil)
        let strings = try file.metadata.requiredStrings("a.strings")
        #expect(strings.map { $0 } == [Array("one".utf8), [], Array("drei €".utf8)])
        #expect(strings.text(2) == "drei €")
        #expect(strings.withBytes(of: 2) { $0.byteCount } == 8)
        #expect(try file.metadata.requiredInts("a.ints") == [1, -2, 3])
        #expect(try file.metadata.requiredFloats("a.floats") == [0.5, -1])
        #expect(try file.metadata.strings("a.empty")?.count == 0)
        GGUFSamples.touchEverything(file)
    }

    @Test func findsTensors() throws {
        let file = try GGUFSamples.open(GGUFSamples.small.bytes())
        #expect(file.tensors.map { $0.name } == ["token_embd.weight", "norm", "blk.0.ffn_down.weight"])
        let embedding = try file.requiredTensor("token_embd.weight").matrix
        #expect(embedding.rows == 3 && embedding.columns == 4 && embedding.type == .f32)
        let last = embedding.data.withBytes { $0.unsafeLoadUnaligned(fromByteOffset: 44, as: Float.self) }
        #expect(last == 11)
        let norm = try file.requiredTensor("norm").matrix
        #expect(norm.rows == 1 && norm.columns == 3)
        let quantized = try #require(file[tensor: "blk.0.ffn_down.weight"])
        #expect(quantized.type == .q8_0 && quantized.elementCount == 64)
        #expect(quantized.data.withBytes { $0.unsafeLoad(fromByteOffset: 67, as: UInt8.self) } == 67)
        #expect(file[tensor: "absent"] == nil)
        #expect(throws: GGUFError(file: "test", .missingTensor("absent"))) { try file.requiredTensor("absent") }
    }

    @Test func listsTensorsOfMoreDimensionsButGivesNoMatrix() throws {
        let file = try GGUFSamples.open(
            GGUFBuilder()
                .tensor("cube", [2, 2, 2], floats: .init(repeating: 0, count: 8))
                .tensor("flat", [2, 2, 1, 1], floats: .init(repeating: 0, count: 4))
                .bytes())
        #expect(throws: GGUFError(file: "test", .notMatrix(tensor: "cube", dimensions: [2, 2, 2]))) {
            try file.requiredTensor("cube").matrix
        }
        #expect(try file.requiredTensor("flat").matrix.rows == 2)
    }

    @Test func honoursAlignment() throws {
        for alignment in [8, 64, 4096] {
            let file = try GGUFSamples.open(
                GGUFBuilder().with { $0.alignment = alignment }
                    .set("general.alignment", .uint32(UInt32(alignment)))
                    .tensor("a", [3], floats: [1, 2, 3]).tensor("b", [1], floats: [4]).bytes())
            #expect(file.alignment == alignment)
            let b = try file.requiredTensor("b").matrix
            #expect(b.data.range.lowerBound % alignment == 0)
            #expect(b.data.withBytes { $0.unsafeLoad(as: Float.self) } == 4)
        }
    }

    @Test func acceptsFilesWithoutTensorsAndWithoutFinalPadding() throws {
        #expect(try GGUFSamples.open(GGUFBuilder().bytes()).tensors.isEmpty)
        let whole = GGUFBuilder().tensor("a", [3], floats: [1, 2, 3]).bytes()
        #expect(try GGUFSamples.open(Array(whole.dropLast(20))).tensors.count == 1)
    }

    @Test func readsMappedFiles() throws {
        try TemporaryFolder.with { folder in
            let path = try folder.write("small.gguf", GGUFSamples.small.bytes())
            let file = try GGUFFile(path: path)
            #expect(file.paths == [path] && file.name == path)
            #expect(file.byteCount == GGUFSamples.small.bytes().count)
            GGUFSamples.touchEverything(file)
            let absent = folder.path("absent.gguf")
            #expect { try GGUFFile(path: absent) } throws: { error in
                guard let error = error as? GGUFError, case .unreadable(let reason) = error.problem else {
                    return false
                }
                return error.file == absent && reason.contains("No such file")
            }
        }
    }

    @Test func readsAHundredThousandTokensQuickly() throws {
        let tokens = (0..<100_000).map { Array("token\($0)".utf8) }
        let bytes = GGUFBuilder().set("tokenizer.ggml.tokens", .strings(GGUFStringArray(tokens))).bytes()
        let store = ByteStore.copying(bytes)
        let best = try (0..<5).map { _ in
            try ContinuousClock().measure { _ = try GGUFFile(store, name: "test") }
        }.min()
        // Typically under 1 ms; the bound leaves room for a busy machine.
        #expect(try #require(best) < .milliseconds(10))
        let read = try GGUFFile(store, name: "test").metadata.requiredStrings("tokenizer.ggml.tokens")
        #expect(read.count == 100_000 && read[99_999] == tokens[99_999])
    }

    @Test(
        .enabled(if: SharedFiles.has("vocab"), "needs the shared vocabularies"),
        arguments: [("gpt-neox-nov2023.vocab.gguf", 50_432, "gpt2"), ("llama-spm.vocab.gguf", 32_000, "llama")])
    func readsRealVocabularies(name: String, count: Int, model: String) throws {
        let file = try GGUFFile(path: #require(SharedFiles.path("vocab/\(name)")))
        #expect(try file.metadata.requiredString("tokenizer.ggml.model") == model)
        #expect(try file.metadata.requiredStrings("tokenizer.ggml.tokens").count == count)
        #expect(try file.metadata.requiredInts("tokenizer.ggml.token_type").count == count)
        #expect(file.tensors.isEmpty)
        GGUFSamples.touchEverything(file)
        let copy = try GGUFWriter(copying: file).bytes()
        #expect(try GGUFSamples.open(copy).metadata == file.metadata)
    }
}
