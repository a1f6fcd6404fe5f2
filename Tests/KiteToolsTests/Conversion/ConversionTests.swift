import Foundation
import KiteTools
import ModelFiles
import TensorCore
import TestSupport
import Testing

/// The tiny reference models and the type their `model.gguf` has.
private let models: [(name: String, type: ConversionType)] = [
    ("stablelm-3b", .f32), ("stablelm-2-1_6b", .f16), ("stablelm-2-12b", .f32), ("llama", .f16), ("llama-tied", .f32),
    ("llama-linear", .f16), ("llama-yarn", .f16), ("mistral-window", .f32),
]

@Suite struct ConversionTests {
    /// Bytes that `ModelConverter` makes of a reference model.
    private func convert(_ name: String, _ type: ConversionType) throws -> GGUFFile {
        let folder = try HuggingFaceFolder(path: Golden.path("models/\(name)/hf"))
        let bytes = try ModelConverter(folder, type: type).writer().bytes()
        return try GGUFFile(.copying(bytes), name: name)
    }

    @Test(arguments: models)
    func writesTheSameTensorsAsTheReference(name: String, type: ConversionType) throws {
        let ours = try convert(name, type)
        let reference = try GGUFFile(path: Golden.path("models/\(name)/model.gguf"))
        #expect(Set(ours.tensors.map(\.name)) == Set(reference.tensors.map(\.name)))
        for expected in reference.tensors {
            let tensor = try ours.requiredTensor(expected.name)
            #expect(tensor.dimensions == expected.dimensions, "\(expected.name)")
            #expect(tensor.type == expected.type, "\(expected.name)")
            #expect(tensor.data.bytes == expected.data.bytes, "\(expected.name)")
        }
    }
}

extension ByteRegion {
    fileprivate var bytes: [UInt8] { withBytes { $0.withUnsafeBytes { [UInt8]($0) } } }
}
