import ModelFiles
import TensorCore

/// libFuzzer's entry: opens the bytes as a model and reads everything in it. Must neither trap nor read elsewhere.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = [UInt8](UnsafeBufferPointer(start: bytes, count: count))
    guard let file = try? GGUFFile(ByteStore.copying(input), name: "fuzz") else { return 0 }
    touch(file.metadata)
    for tensor in file.tensors { touch(tensor, in: file) }
    if let checkpoint = try? Checkpoint(gguf: file) { touch(checkpoint) }
    // What was read can be written, and reads the same again.
    if let written = try? GGUFWriter(copying: file).bytes(),
        let again = try? GGUFFile(ByteStore.copying(written), name: "written")
    {
        // Not a number is unequal to itself, so equality of values says nothing here.
        guard again.metadata.entries.map({ $0.key }) == file.metadata.entries.map({ $0.key }),
            again.tensors.map({ $0.name }) == file.tensors.map({ $0.name }),
            (try? GGUFWriter(copying: again).bytes()) == written
        else { fatalError("what was written reads differently") }
    } else {
        fatalError("what was read cannot be written")
    }
    return 0
}

/// Keeps the optimiser from dropping reads.
private nonisolated(unsafe) var sink = 0

private func touch(_ metadata: GGUFMetadata) {
    for entry in metadata.entries {
        sink &+= entry.value.description.utf8.count
        sink &+= (try? metadata.int(entry.key)) ?? 0
        sink &+= (try? metadata.string(entry.key))?.utf8.count ?? 0
        sink &+= (try? metadata.bool(entry.key)) == true ? 1 : 0
        sink &+= (try? metadata.float(entry.key)) != nil ? 1 : 0
        sink &+= (try? metadata.ints(entry.key))?.count ?? 0
        sink &+= (try? metadata.floats(entry.key))?.count ?? 0
        if let strings = try? metadata.strings(entry.key) {
            strings.forEachBytes { index, bytes in
                sink &+= index
                for position in 0..<bytes.byteCount {
                    sink &+= Int(bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self))
                }
            }
            for index in strings.indices { sink &+= strings[index].count &+ (strings.text(index)?.utf8.count ?? 0) }
        }
        if case .numbers(let numbers) = entry.value {
            for number in numbers { sink &+= number.int ?? 1 }
            sink &+= numbers.bools()?.count ?? 0
        }
    }
}

private func touch(_ checkpoint: Checkpoint) {
    sink &+= checkpoint.name.utf8.count &+ checkpoint.parameterCount &+ checkpoint.tensorByteCount
    sink &+= (try? checkpoint.chatTemplate)?.utf8.count ?? 0
    for name in checkpoint.tensorNames {
        guard let matrix = try? checkpoint.tensor(name), matrix.rows * matrix.bytesPerRow == matrix.data.count else {
            fatalError("a tensor of another size than its shape")
        }
        touch(matrix.data)
    }
}

private func touch(_ tensor: GGUFTensor, in file: GGUFFile) {
    sink &+= tensor.elementCount
    sink &+= (try? tensor.matrix)?.bytesPerRow ?? 0
    guard file[tensor: tensor.name]?.data.range == tensor.data.range else { fatalError("found another tensor") }
    touch(tensor.data)
}

private func touch(_ data: ByteRegion) {
    data.withBytes { bytes in
        for position in 0..<bytes.byteCount { sink &+= Int(bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self)) }
    }
}
