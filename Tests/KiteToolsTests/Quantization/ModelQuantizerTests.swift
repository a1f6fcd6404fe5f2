import KiteTools
import ModelFiles
import TensorCore
import TestSupport
import Testing

@Suite struct ModelQuantizerTests {
    private static let source = Golden.path("models/quantized/F32.gguf")

    private static func mix(_ name: String, isUniform: Bool = false) throws -> QuantizationMix {
        try #require(QuantizationMix(recipe: name, isUniform: isUniform))
    }

    private static func quantize(
        _ path: String = source, to target: String, _ type: String, threads: Int = 2,
        importance: ImportanceMatrix? = nil, change: (inout QuantizationOptions) throws -> Void = { _ in }
    ) throws -> GGUFFile {
        var options = QuantizationOptions()
        try change(&options)
        let quantizer = try ModelQuantizer(path: path, mix: mix(type), options: options, importance: importance)
        let written = try quantizer.write(to: target, threads: threads)
        let file = try GGUFFile(path: written[0])
        if written.count == 1 { #expect(try file.byteCount == quantizer.fileBytes()) }
        return file
    }

    private static func bytes(_ tensor: GGUFTensor) -> [UInt8] {
        tensor.data.withBytes { $0.withUnsafeBytes { [UInt8]($0) } }
    }

    @Test func matricesChangeAndAllElseStays() throws {
        try TemporaryFolder.with { folder in
            let before = try GGUFFile(path: Self.source)
            let after = try Self.quantize(to: folder.path("q8.gguf"), "Q8_0")
            #expect(Set(after.tensors.map(\.name)) == Set(before.tensors.map(\.name)))
            for tensor in after.tensors {
                let old = try before.requiredTensor(tensor.name)
                #expect(tensor.dimensions == old.dimensions)
                guard tensor.dimensions.count > 1 else {
                    #expect(Self.bytes(tensor) == Self.bytes(old))
                    continue
                }
                #expect(tensor.type == .q8_0)
                let (matrix, source) = (try tensor.matrix, try old.matrix)
                for row in 0..<matrix.rows {
                    #expect(
                        try Self.bytes(tensor)[row * matrix.bytesPerRow..<(row + 1) * matrix.bytesPerRow].elementsEqual(
                            Quantizer.encode(source.dequantizedRow(row), as: .q8_0)))
                }
            }
            var expected = before.metadata
            for key in ["general.quantization_version", "general.file_type"] { expected[key] = nil }
            expected["general.quantization_version"] = .uint32(2)
            expected["general.file_type"] = .uint32(7)
            #expect(after.metadata == expected)
            #expect(try folder.names() == ["q8.gguf"])
        }
    }

    @Test func theResultDoesNotDependOnThreads() throws {
        try TemporaryFolder.with { folder in
            for threads in [1, 2, 7] { _ = try Self.quantize(to: folder.path("\(threads)"), "Q8_0", threads: threads) }
            #expect(try folder.read("1") == folder.read("2"))
            #expect(try folder.read("1") == folder.read("7"))
        }
    }

    @Test func tensorsAreOrderedAsTheRulesSay() throws {
        try TemporaryFolder.with { folder in
            let before = try GGUFFile(path: Self.source).tensors.map(\.name)
            let new = try Self.quantize(to: folder.path("new"), "F16").tensors.map(\.name)
            let old = try Self.quantize(to: folder.path("old"), "F16") { $0.rules = .december2023 }.tensors.map(\.name)
            #expect(old == before)
            #expect(new.first == "output.weight")
            #expect(new.contains("token_embd.weight") && new.filter { !$0.hasPrefix("blk.") }.count < 6)
            let blocks = new.drop { !$0.hasPrefix("blk.") }
            #expect(blocks.allSatisfy { $0.hasPrefix("blk.") })
            #expect(blocks.filter { $0.hasPrefix("blk.0.") } == before.filter { $0.hasPrefix("blk.0.") }.sorted())
        }
    }

    @Test func splitModelsKeepTheirParts() throws {
        try TemporaryFolder.with { folder in
            let writer = try GGUFWriter(copying: GGUFFile(path: Self.source))
            let parts = try writer.write(to: folder.path("in.gguf"), split: .tensors(7))
            let file = try Self.quantize(parts[1], to: folder.path("out.gguf"), "Q8_0") { $0.keepsSplit = true }
            #expect(file.paths.count == parts.count)
            #expect(try file.tensors.map(\.name) == GGUFFile(path: Self.source).tensors.map(\.name))
            let joined = try Self.quantize(parts[0], to: folder.path("joined.gguf"), "Q8_0")
            let whole = try Self.quantize(to: folder.path("whole.gguf"), "Q8_0")
            #expect(joined.paths.count == 1)
            #expect(try folder.read("joined.gguf") == folder.read("whole.gguf"))
            #expect(throws: QuantizationError.self) {
                try Self.quantize(parts[0], to: folder.path("in.gguf"), "Q8_0") { $0.keepsSplit = true }
            }
            _ = whole
        }
    }

    @Test func quantizedModelsAreRefused() throws {
        try TemporaryFolder.with { folder in
            let path = Golden.path("models/quantized/Q8_0.gguf")
            #expect(throws: QuantizationError.self) { try Self.quantize(path, to: folder.path("x"), "F16") }
            let file = try Self.quantize(path, to: folder.path("y"), "F16") { $0.allowsRequantizing = true }
            #expect(file.tensors.contains { $0.type == .f16 })
            // What has its type already is copied.
            let same = try Self.quantize(path, to: folder.path("z"), "Q8_0")
            let source = try GGUFFile(path: path)
            for tensor in same.tensors {
                #expect(try Self.bytes(tensor) == Self.bytes(source.requiredTensor(tensor.name)))
            }
            #expect(try folder.names().sorted() == ["y", "z"])
        }
    }

    @Test func theSourceIsNeverOverwritten() throws {
        try TemporaryFolder.with { folder in
            let path = try folder.write("model.gguf", Golden.bytes("models/quantized/F32.gguf"))
            let quantizer = try ModelQuantizer(path: path, mix: Self.mix("F16"))
            #expect(throws: QuantizationError.sameFile(folder.path("./model.gguf"))) {
                try quantizer.write(to: folder.path("./model.gguf"), overwrite: true)
            }
            try folder.write("other.gguf", [1])
            #expect(throws: QuantizationError.exists(folder.path("other.gguf"))) {
                try quantizer.write(to: folder.path("other.gguf"))
            }
            try quantizer.write(to: folder.path("other.gguf"), overwrite: true)
            #expect(try GGUFFile(path: folder.path("other.gguf")).tensors.count == quantizer.plan.entries.count)
            #expect(throws: QuantizationError.folder(folder.path(""))) {
                try ModelQuantizer(path: folder.path(""), mix: Self.mix("F16"))
            }
        }
    }

    @Test(arguments: ["blk.0.ffn_up.weight", "blk.0.attn_norm.weight"])
    func numbersThatAreNotFiniteAreNamed(_ name: String) throws {
        try TemporaryFolder.with { folder in
            let file = try GGUFFile(path: Self.source)
            var writer = GGUFWriter(metadata: file.metadata)
            for tensor in file.tensors {
                var bytes = Self.bytes(tensor)
                if tensor.name == name {
                    let index = tensor.dimensions.count > 1 ? 5 * tensor.dimensions[0] + 3 : 3
                    for (offset, byte) in [UInt8(0), 0, 0x80, 0x7F].enumerated() { bytes[4 * index + offset] = byte }
                }
                try writer.add(
                    tensor.name, type: tensor.type, dimensions: tensor.dimensions, data: ByteRegion(.copying(bytes)))
            }
            try writer.write(to: folder.path("bad.gguf"))
            let row = name.contains("norm") ? 0 : 5
            #expect(throws: ConversionError.notFinite(tensor: name, row: row, column: 3)) {
                try Self.quantize(folder.path("bad.gguf"), to: folder.path("out.gguf"), "Q8_0")
            }
            #expect(try folder.names() == ["bad.gguf"])
        }
    }

    @Test func progressCoversEveryTensor() throws {
        try TemporaryFolder.with { folder in
            let quantizer = try ModelQuantizer(path: Self.source, mix: Self.mix("Q8_0"))
            var steps: [ModelQuantizer.Progress] = []
            try quantizer.write(to: folder.path("x.gguf")) { steps.append($0) }
            #expect(Set(steps.map(\.index)).count == quantizer.plan.entries.count)
            #expect(steps.last?.done == quantizer.plan.sourceBytes)
            #expect(zip(steps, steps.dropFirst()).allSatisfy { $0.done <= $1.done })
        }
    }

    @Test func importanceIsRecorded() throws {
        try TemporaryFolder.with { folder in
            let matrix = try ImportanceSample.matrix(of: Self.source)
            let file = try Self.quantize(to: folder.path("x.gguf"), "Q8_0", importance: matrix)
            #expect(
                file.metadata.entries.suffix(4).map(\.key) == [
                    "quantize.imatrix.file", "quantize.imatrix.dataset", "quantize.imatrix.entries_count",
                    "quantize.imatrix.chunks_count",
                ])
            #expect(try file.metadata.string("quantize.imatrix.dataset") == "words.txt")
            #expect(try file.metadata.int("quantize.imatrix.chunks_count") == 12)
        }
    }

    @Test func importanceOfAnotherModelIsRefused() throws {
        var matrix = try ImportanceSample.matrix(of: Self.source)
        let name = "blk.0.attn_q.weight"
        let width = try #require(matrix.entries[name]).sums.count
        matrix = ImportanceMatrix(
            path: "im.gguf", entries: [name: .init(sums: .init(repeating: 1, count: width + 32), counts: [1])],
            datasets: [], chunkCount: 1, chunkSize: 512)
        #expect(
            throws: ImportanceError(
                file: "im.gguf", .width(tensor: name, found: width + 32, expected: width))
        ) { try ModelQuantizer(path: Self.source, mix: Self.mix("Q8_0"), importance: matrix) }
        let unrelated = ImportanceMatrix(
            path: "im.gguf", entries: ["blk.77.attn_q.weight": .init(sums: [1], counts: [1])], datasets: [],
            chunkCount: 1, chunkSize: 512)
        #expect(throws: ImportanceError(file: "im.gguf", .unrelated)) {
            try ModelQuantizer(path: Self.source, mix: Self.mix("Q8_0"), importance: unrelated)
        }
        let partial = ImportanceMatrix(
            path: "im.gguf", entries: [name: .init(sums: .init(repeating: 1, count: width), counts: [1])],
            datasets: [], chunkCount: 1, chunkSize: 512)
        let quantizer = try ModelQuantizer(path: Self.source, mix: Self.mix("Q8_0"), importance: partial)
        #expect(quantizer.warnings.contains { $0.contains("im.gguf says nothing of") })
    }
}
