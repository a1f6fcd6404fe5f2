import Foundation
import KiteTools
import ModelFiles
import TensorCore
import TestSupport
import Testing
import Tokenization

/// GGUF to a checkpoint folder, and back.
@Suite struct ModelExporterTests {
    static let models = [
        "llama", "llama-3", "llama-linear", "llama-tied", "llama-yarn", "mistral-window", "stablelm-2-12b",
        "stablelm-2-1_6b", "stablelm-3b",
    ]

    private func numbers(_ tensor: GGUFTensor) throws -> [Float] {
        let matrix = try tensor.matrix
        return (0..<matrix.rows).flatMap { matrix.dequantizedRow($0) }
    }

    /// Keys whose values a folder cannot carry, or that say how the file was made.
    private static let free: Set = ["general.name", "general.size_label", "general.file_type", "general.type"]

    @Test(arguments: models) func comesBackTheSame(_ name: String) throws {
        try TemporaryFolder.with { folder in
            let original = try GGUFFile(path: Golden.path("models/\(name)/model.gguf"))
            let path = folder.path("model")
            try ModelExporter(original, type: .f32).export(to: path, shardBytes: 40000)
            let bytes = try ModelConverter(HuggingFaceFolder(path: path), type: .f32).writer().bytes()
            let back = try GGUFFile(.copying(bytes), name: name)
            #expect(Set(back.tensors.map(\.name)) == Set(original.tensors.map(\.name)))
            for tensor in original.tensors {
                let other = try back.requiredTensor(tensor.name)
                #expect(other.dimensions == tensor.dimensions, "\(tensor.name)")
                let (found, expected) = (try numbers(other), try numbers(tensor))
                let limit: Float = tensor.name == "rope_freqs.weight" ? 1e-4 : 0
                #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= limit * abs($1) }, "\(tensor.name)")
            }
            let (one, other) = (try ModelConfiguration(gguf: original), try ModelConfiguration(gguf: back))
            #expect(one == other)
            for key in ["tokens", "token_type", "merges"] {
                let key = "tokenizer.ggml.\(key)"
                #expect(back.metadata[key] == original.metadata[key], "\(key)")
            }
            for key in ["bos_token_id", "eos_token_id"] {
                let key = "tokenizer.ggml.\(key)"
                #expect(back.metadata[key]?.int == original.metadata[key]?.int, "\(key)")
            }
        }
    }

    @Test(arguments: models) func tokenizesAlike(_ name: String) throws {
        try TemporaryFolder.with { folder in
            let original = try GGUFFile(path: Golden.path("models/\(name)/model.gguf"))
            let path = folder.path("model")
            try ModelExporter(original).export(to: path)
            let (one, other) = (
                try Tokenizer.load(gguf: original), try Tokenizer.load(HuggingFaceFolder(path: path))
            )
            for text in ["", "Hello world, it's 2024!", "  two  spaces\n\nand é ü 漢字 🙂", "<s>the the<|endoftext|>x"] {
                for special in [false, true] {
                    let expected = one.encode(text, addSpecialTokens: special, parseSpecialTokens: special)
                    #expect(other.encode(text, addSpecialTokens: special, parseSpecialTokens: special) == expected)
                }
            }
        }
    }

    @Test func cutsTheWeightsIntoFilesWithAnIndex() throws {
        try TemporaryFolder.with { folder in
            let file = try GGUFFile(path: Golden.path("models/stablelm-3b/model.gguf"))
            let path = folder.path("model")
            try ModelExporter(file, type: .f16).export(to: path, shardBytes: 30000)
            let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
            let shards = names.filter { $0.hasSuffix(".safetensors") }
            #expect(shards.count > 1 && shards[0].hasPrefix("model-00001-of-000"))
            #expect(!names.contains("model.safetensors") && names.contains("model.safetensors.index.json"))
            for shard in shards {
                let part = try SafetensorsFile(path: "\(path)/\(shard)")
                #expect(part.tensors.count == 1 || part.tensors.reduce(0) { $0 + $1.data.count } <= 30000)
            }
            #expect(try SafetensorsCheckpoint(folder: path).tensors.count > 10)
        }
    }

    @Test func replacesOnlyCheckpointsAndOnlyWhenTold() throws {
        try TemporaryFolder.with { folder in
            let exporter = try ModelExporter(GGUFFile(path: Golden.path("models/llama/model.gguf")))
            let path = folder.path("model")
            try exporter.export(to: path)
            #expect(throws: ConversionError.exists(path)) { try exporter.export(to: path) }
            try exporter.export(to: path, overwrite: true)
            let documents = folder.path("documents")
            try FileManager.default.createDirectory(atPath: documents, withIntermediateDirectories: false)
            #expect(throws: ConversionError.foreignFolder(documents)) {
                try exporter.export(to: documents, overwrite: true)
            }
            #expect(try folder.names() == ["documents", "model"])
        }
    }

    @Test func refusesTypesThatSafetensorsHasNot() throws {
        let file = try GGUFFile(path: Golden.path("models/llama/model.gguf"))
        #expect(throws: ConversionError.notStorable("q8_0")) { try ModelExporter(file, type: .q8_0) }
    }

    @Test func leavesNothingBehindWhenItFails() throws {
        try TemporaryFolder.with { folder in
            // An F16 weight of infinity cannot be stored as F16 from a computed row.
            let file = try GGUFFile(path: Golden.path("models/llama/model.gguf"))
            var metadata = file.metadata
            metadata["llama.rope.scaling.type"] = .string("longrope")
            var writer = try GGUFWriter(copying: file)
            writer.metadata = metadata
            let damaged = try GGUFFile(.copying(writer.bytes()), name: "damaged")
            #expect(throws: (any Error).self) { try ModelExporter(damaged).export(to: folder.path("model")) }
            #expect(try folder.names().isEmpty)
        }
    }
}
