import ModelFiles
import TensorCore
import TestSupport
import Testing

@Suite struct SafetensorsFileTests {
    @Test func readsTensorsInPlace() throws {
        let file = try SafetensorsSamples.open(
            SafetensorsSamples.file(
                #"{"__metadata__":{"format":"pt"},"b":{"dtype":"BF16","shape":[2,2],"data_offsets":[4,12]},"#
                    + #""a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}  "#,
                data: Array(0..<12)))
        #expect(file.metadata == ["format": "pt"])
        #expect(file.tensors.map(\.name) == ["a", "b"])
        let matrix = try #require(file[tensor: "b"]).matrix
        #expect(matrix.type == .bf16 && matrix.rows == 2 && matrix.columns == 2)
        #expect(matrix.data.copied == Array(4..<12))
        #expect(file[tensor: "c"] == nil)
    }

    @Test func acceptsScalarsAndEmptyTensors() throws {
        let file = try SafetensorsSamples.open(
            SafetensorsSamples.file(
                #"{"e":{"dtype":"F32","shape":[0,5],"data_offsets":[0,0]},"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}"#,
                data: [0, 0, 0, 0]))
        for name in ["e", "s"] {
            let tensor = try #require(file[tensor: name])
            let error = #expect(throws: SafetensorsError.self) { try tensor.matrix }
            #expect(error?.problem == .notMatrix(tensor: name, shape: tensor.shape))
        }
        #expect(try SafetensorsSamples.open(SafetensorsSamples.file("{}")).tensors.isEmpty)
    }

    @Test func copiesTensorsThatLieUnaligned() throws {
        let header = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
        for padding in 0..<4 {
            let bytes = SafetensorsSamples.file(
                header + String(repeating: " ", count: padding), data: [0, 0, 128, 63, 0, 0, 0, 64])
            let matrix = try #require(SafetensorsSamples.open(bytes)[tensor: "a"]).matrix
            #expect(matrix.data.range.lowerBound % 4 == 0)
            #expect(matrix.data.copied == [0, 0, 128, 63, 0, 0, 0, 64])
        }
    }

    @Test func listsTypesItCannotUseAndRefusesTheirUse() throws {
        for type in SafetensorsType.allCases where type.tensorType == nil {
            let bytes = SafetensorsSamples.file(
                #"{"a":{"dtype":"\#(type.rawValue)","shape":[8],"data_offsets":[0,\#(type.bits)]}}"#,
                data: Array(repeating: 0, count: type.bits))
            let tensor = try #require(SafetensorsSamples.open(bytes)[tensor: "a"])
            #expect(tensor.type == type)
            let error = #expect(throws: SafetensorsError.self) { try tensor.matrix }
            #expect(error?.problem == .unusableType(type, tensor: "a"))
        }
    }

    @Test(arguments: ["llama", "llama-3", "stablelm-3b", "stablelm-2-1_6b", "mistral-window"])
    func writesWhatItsLibraryWrites(name: String) throws {
        let path = Golden.path("models/\(name)/hf/model.safetensors")
        let file = try SafetensorsFile(path: path)
        var writer = SafetensorsWriter(metadata: file.metadata.map { ($0.key, $0.value) })
        for tensor in file.tensors.reversed() {
            try writer.add(tensor.name, type: tensor.type, shape: tensor.shape, data: tensor.data)
        }
        let written = try writer.bytes()
        #expect(written == (try Golden.bytes("models/\(name)/hf/model.safetensors")))
    }
}
