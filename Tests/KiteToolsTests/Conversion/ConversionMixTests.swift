import KiteTools
import ModelFiles
import TensorCore
import TestSupport
import Testing

/// A checkpoint to a quantized file in one go.
@Suite struct ConversionMixTests {
    /// The same file as a conversion to F16 and `quantize` give, for checkpoints that F16 holds exactly.
    @Test(arguments: ["Q4_K_M", "Q5_K_S", "Q4_0", "IQ4_NL"], ["llama", "stablelm-3b"])
    func equalsQuantizingAfterwards(_ recipe: String, _ name: String) throws {
        try TemporaryFolder.with { folder in
            // Weights that F16 holds: what F16 made of them.
            let source = try GGUFFile(path: Golden.path("models/\(name)/model.gguf"))
            try ModelExporter(source, type: .f16).export(to: folder.path("model"))
            let input = folder.path("model")
            try ConversionJob(input: input, output: folder.path("f16.gguf"), type: "f16").run()
            let mix = try #require(QuantizationMix(recipe: recipe))
            try ModelQuantizer(path: folder.path("f16.gguf"), mix: mix).write(to: folder.path("two.gguf"))
            try ConversionJob(input: input, output: folder.path("one.gguf"), type: recipe.lowercased()).run()
            let (one, two) = (try GGUFFile(path: folder.path("one.gguf")), try GGUFFile(path: folder.path("two.gguf")))
            #expect(one.tensors.map(\.name) == two.tensors.map(\.name))
            for tensor in one.tensors {
                let other = try two.requiredTensor(tensor.name)
                #expect(tensor.type == other.type, "\(tensor.name)")
                let same = tensor.data.withBytes { left in
                    other.data.withBytes { right in
                        left.withUnsafeBytes { left in right.withUnsafeBytes { left.elementsEqual($0) } }
                    }
                }
                #expect(same, "\(tensor.name)")
            }
            #expect(one.metadata["general.file_type"] == two.metadata["general.file_type"])
        }
    }
}
