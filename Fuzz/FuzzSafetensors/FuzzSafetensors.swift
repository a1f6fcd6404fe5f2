import ModelFiles
import TensorCore

/// libFuzzer's entry: the first byte chooses what the rest is read as: a safetensors file, a shard index, a
/// `config.json`, or any JSON.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = [UInt8](UnsafeBufferPointer(start: bytes, count: count))
    guard let choice = input.first else { return 0 }
    let rest = [UInt8](input.dropFirst())
    switch choice & 3 {
    case 0: readFile(rest)
    case 1: sink &+= (try? SafetensorsIndex(rest, path: "fuzz"))?.shards.count ?? 0
    case 2: readConfiguration(rest)
    default: readJSON(rest)
    }
    return 0
}

/// Keeps the optimiser from dropping reads.
private nonisolated(unsafe) var sink = 0

private func readFile(_ bytes: [UInt8]) {
    guard let file = try? SafetensorsFile(.copying(bytes), path: "fuzz") else { return }
    var writer = SafetensorsWriter(metadata: file.metadata.map { ($0.key, $0.value) })
    for tensor in file.tensors {
        tensor.data.withBytes { bytes in
            for index in 0..<bytes.byteCount {
                sink &+= Int(bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self))
            }
        }
        sink &+= (try? tensor.matrix)?.bytesPerRow ?? 0
        guard (try? writer.add(tensor.name, type: tensor.type, shape: tensor.shape, data: tensor.data)) != nil else {
            fatalError("what was read cannot be written")
        }
    }
    guard let written = try? writer.bytes(), let again = try? SafetensorsFile(.copying(written), path: "written"),
        again.tensors.count == file.tensors.count, again.metadata == file.metadata,
        again.tensors.allSatisfy({ file[tensor: $0.name]?.shape == $0.shape })
    else { fatalError("what was written reads differently") }
}

private func readConfiguration(_ bytes: [UInt8]) {
    guard let object = try? JSONValue(parsing: bytes).asObject(),
        let configuration = try? ModelConfiguration(huggingFace: object)
    else { return }
    guard (try? configuration.validate()) != nil else { fatalError("an accepted configuration is invalid") }
    sink &+= configuration.rotaryDimensions
}

private func readJSON(_ bytes: [UInt8]) {
    guard let value = try? JSONValue(parsing: bytes) else { return }
    for pretty in [false, true] {
        guard let text = try? value.encoded(pretty: pretty), let again = try? JSONValue(parsing: text), again == value
        else { fatalError("what was written reads differently") }
    }
    var reader = JSONReader(bytes)
    guard (try? reader.skipValue()) != nil, (try? reader.finish()) != nil else { fatalError("parsers disagree") }
}
