import Foundation
import ModelFiles
import TensorCore
import TestSupport
import Testing

@Suite struct CheckpointShapeTests {
    /// The GGUF reference model `name`, its tensors as `change` leaves them.
    private func gguf(
        _ name: String, metadata: (inout GGUFMetadata) -> Void = { _ in },
        _ change: (GGUFTensor) -> [(name: String, dimensions: [Int], data: [UInt8])]?
    ) throws -> Checkpoint {
        let file = try GGUFFile(path: Golden.path("models/\(name)/model.gguf"))
        var writer = GGUFWriter(metadata: file.metadata)
        metadata(&writer.metadata)
        for tensor in file.tensors {
            for new in change(tensor) ?? [(tensor.name, tensor.dimensions, tensor.data.copied)] {
                try writer.add(
                    new.name, type: tensor.type, dimensions: new.dimensions, data: ByteRegion(.copying(new.data)))
            }
        }
        return try Checkpoint(gguf: GGUFFile(.copying(writer.bytes()), name: name))
    }

    @Test func namesMissingTensors() throws {
        let names = try Checkpoint.open(path: Golden.path("models/stablelm-2-1_6b/model.gguf")).tensorNames
        // Whether a model has these is read off their presence in the first block.
        let optional = ["blk.0.attn_q.bias", "blk.0.ffn_norm.weight", "output.weight"]
        for name in names where !optional.contains(name) {
            let error = #expect(throws: CheckpointError.self) {
                try gguf("stablelm-2-1_6b") { $0.name == name ? [] : nil }
            }
            #expect(error == .missingTensor(name))
        }
    }

    @Test func aMissingOutputIsTied() throws {
        let checkpoint = try gguf("llama") { $0.name == "output.weight" ? [] : nil }
        #expect(checkpoint.configuration.tiedEmbeddings)
        #expect(!checkpoint.hasTensor("output.weight"))
    }

    @Test func namesWrongShapes() throws {
        let error = #expect(throws: CheckpointError.self) {
            try gguf("llama") { tensor in
                guard tensor.name == "blk.0.ffn_up.weight" else { return nil }
                return [(tensor.name, tensor.dimensions.reversed(), tensor.data.copied)]
            }
        }
        #expect(error == .wrongShape("blk.0.ffn_up.weight", found: [64, 96], expected: [96, 64]))
        #expect(error?.description.contains("blk.0.ffn_up.weight has the shape [64, 96]") == true)
        #expect(throws: CheckpointError.wrongShape("blk.0.attn_norm.weight", found: [1, 64], expected: [1, 128])) {
            try gguf("llama-tied", metadata: { $0["llama.embedding_length"] = .uint32(128) }) { tensor in
                tensor.name.hasPrefix("token_embd")
                    ? [(tensor.name, [128, 264], Array(repeating: 0, count: 128 * 264 * 4))] : nil
            }
        }
    }

    @Test func refusesAVocabularyUnlikeTheTable() {
        let error = #expect(throws: CheckpointError.self) {
            try gguf(
                "llama-tied", metadata: { $0["tokenizer.ggml.tokens"] = .strings(GGUFStringArray(["a", "b"])) },
                { _ in nil })
        }
        #expect(error == .vocabularyMismatch(tokens: 2, rows: 264))
    }

    @Test func mentionsUnusedTensors() throws {
        let checkpoint = try gguf("llama-tied") { tensor in
            guard tensor.name == "output_norm.weight" else { return nil }
            let extra = ["a", "b", "c", "d"].map { (name: $0, dimensions: [64], data: tensor.data.copied) }
            return extra + [(tensor.name, tensor.dimensions, tensor.data.copied)]
        }
        #expect(
            checkpoint.warnings == ["tensors that this architecture does not use are ignored: a, b, c and 1 more"])
    }

    /// Newest converters may write q, k and v as one tensor.
    @Test(arguments: ["stablelm-2-1_6b", "mistral-window"])
    func splitsFusedProjections(name: String) throws {
        let plain = try Checkpoint.open(path: Golden.path("models/\(name)/model.gguf"))
        func fused(_ tensor: GGUFTensor, _ parts: [String], cut: Int = 0) throws -> (String, [Int], [UInt8]) {
            let matrices = try parts.map { part in try plain.tensor(tensor.name.replacing("attn_q", with: part)) }
            let total = matrices.reduce(0) { $0 + (tensor.dimensions.count == 1 ? $1.columns : $1.rows) } - cut
            let bytes = matrices.flatMap { $0.data.copied }
            let dimensions = tensor.dimensions.count == 1 ? [total] : [tensor.dimensions[0], total]
            let size = bytes.count / (total + cut) * total
            return (tensor.name.replacing("attn_q", with: "attn_qkv"), dimensions, Array(bytes.prefix(size)))
        }
        func convert(cut: Int) throws -> Checkpoint {
            try gguf(name) { tensor in
                if tensor.name.contains(".attn_k.") || tensor.name.contains(".attn_v.") { return [] }
                guard tensor.name.contains(".attn_q.") else { return nil }
                return (try? fused(tensor, ["attn_q", "attn_k", "attn_v"], cut: cut)).map { [$0] }
            }
        }
        let checkpoint = try convert(cut: 0)
        #expect(checkpoint.configuration == plain.configuration)
        #expect(checkpoint.tensorNames == plain.tensorNames)
        #expect(checkpoint.warnings.isEmpty)
        for tensorName in plain.tensorNames {
            #expect(try checkpoint.tensor(tensorName).data.copied == plain.tensor(tensorName).data.copied)
        }
        let error = #expect(throws: CheckpointError.self) { try convert(cut: 2) }
        guard case .wrongFusedShape = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(arguments: [
        (["model.layers.0.mlp.up_proj.weight"], "the model lacks the tensor model.layers.0.mlp.up_proj.weight"),
        (["lm_head.weight"], "the model lacks the tensor lm_head.weight"),
    ])
    func namesMissingTensorsOfFolders(without names: [String], words: String) throws {
        let source = Golden.path("models/llama/hf")
        try TemporaryFolder.with { folder in
            let file = try SafetensorsFile(path: source + "/model.safetensors")
            var writer = SafetensorsWriter()
            for tensor in file.tensors where !names.contains(tensor.name) {
                try writer.add(tensor.name, type: tensor.type, shape: tensor.shape, data: tensor.data)
            }
            try writer.write(to: folder.path("model.safetensors"))
            try folder.write("config.json", Golden.bytes("models/llama/hf/config.json"))
            let error = #expect(throws: CheckpointError.self) { try Checkpoint.open(path: folder.path("")) }
            #expect(error?.description == words)
        }
    }
}
