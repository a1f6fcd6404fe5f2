import Foundation
import ModelFiles
import TensorCore
import TestSupport
import Testing

private let models = [
    "stablelm-3b", "stablelm-2-1_6b", "stablelm-2-12b", "llama", "llama-3", "llama-tied", "llama-linear", "llama-yarn",
    "mistral-window",
]

@Suite struct CheckpointTests {
    @Test(arguments: models)
    func bothSourcesAgree(name: String) throws {
        let folder = try Checkpoint.open(path: Golden.path("models/\(name)/hf"))
        let file = try Checkpoint.open(path: Golden.path("models/\(name)/model.gguf"))
        #expect(folder.warnings.isEmpty)
        #expect(file.warnings.isEmpty)
        #expect(folder.tensorNames == file.tensorNames.filter { $0 != "rope_freqs.weight" })
        for tensorName in folder.tensorNames {
            let (left, right) = (try folder.tensor(tensorName), try file.tensor(tensorName))
            #expect(left.rows == right.rows && left.columns == right.columns, "\(tensorName)")
        }
        // What only one kind of source can say, or says in its own way.
        var expected = file.configuration
        expected.rotaryPairing = .halves
        expected.slidingWindow = folder.configuration.slidingWindow
        expected.hasRopeFactors = false
        if name == "llama-3" { expected.ropeScaling = folder.configuration.ropeScaling }
        #expect(folder.configuration == expected)
        #expect(folder.configuration.slidingWindow == (name == "mistral-window" ? 16 : nil))
    }

    @Test func stacksHeadNorms() throws {
        let folder = try Checkpoint.open(path: Golden.path("models/stablelm-2-12b/hf"))
        let file = try Checkpoint.open(path: Golden.path("models/stablelm-2-12b/model.gguf"))
        for name in ["blk.1.attn_q_norm.weight", "blk.1.attn_k_norm.weight"] {
            #expect(try folder.tensor(name).data.copied == file.tensor(name).data.copied)
        }
        #expect(!folder.hasTensor("blk.0.ffn_norm.weight"))
        #expect(throws: CheckpointError.missingTensor("blk.0.ffn_norm.weight")) {
            try folder.tensor("blk.0.ffn_norm.weight")
        }
    }

    @Test func openingExplainsWhatIsNoCheckpoint() throws {
        try TemporaryFolder.with { folder in
            let path = folder.path("")
            func problem() -> String {
                do {
                    _ = try Checkpoint.open(path: path)
                    return "nothing"
                } catch {
                    return "\(error)"
                }
            }
            func put(_ name: String, _ text: String) throws {
                try folder.write(name, Array(text.utf8))
            }
            #expect(throws: CheckpointError.notFound(path + "absent")) { try Checkpoint.open(path: path + "absent") }
            #expect(problem().contains("no config.json in this folder"))
            try put("model-Q4_K_M.gguf", "")
            #expect(problem().contains("give \(path)model-Q4_K_M.gguf"), "\(problem())")
            try FileManager.default.removeItem(atPath: folder.path("model-Q4_K_M.gguf"))
            try put("config.json", "{")
            #expect(problem().contains("config.json: JSON ends in the middle"))
            try put("config.json", #"{"model_type": "stablelm"}"#)
            #expect(problem().contains("no model.safetensors in this folder"))
            try put("pytorch_model-00001-of-00002.bin", "")
            #expect(problem().contains("Python pickle"))
            try put("model.safetensors", "")
            #expect(problem().contains("only 0 bytes"))
            #expect(throws: CheckpointError.safetensorsAlone(path + "model.safetensors")) {
                try Checkpoint.open(path: path + "model.safetensors")
            }
        }
    }

    @Test func readsSideFiles() throws {
        let folder = try HuggingFaceFolder(path: Golden.path("models/mistral-window/hf"))
        #expect(try folder.json(.tokenizerConfig)?["bos_token"] == "<s>")
        #expect(try folder.contents(of: .sentencePiece) != nil)
        #expect(try folder.text(.chatTemplate) == nil)
        try TemporaryFolder.with { copy in
            for name in ["config.json", "model.safetensors"] {
                try copy.write(name, Golden.bytes("models/llama/hf/\(name)"))
            }
            try copy.write("chat_template.jinja", [0xFF])
            try copy.write("tokenizer_config.json", Array("[".utf8))
            let folder = try HuggingFaceFolder(path: copy.path(""))
            #expect(throws: CheckpointError.self) { try folder.text(.chatTemplate) }
            #expect(throws: CheckpointError.self) { try folder.json(.tokenizerConfig) }
        }
    }
}
