import FuzzSeeds
import ModelFiles
import TensorCore

/// Valid files to start from.
@_cdecl("LLVMFuzzerInitialize")
public func fuzzInitialize(
    _ count: UnsafeMutablePointer<CInt>?, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> CInt {
    writeSeeds { try seeds().map { (name: "\($0.0).gguf", bytes: try $0.1.bytes()) } }
}

/// Files that between them have every value type, every tensor type and several alignments.
private func seeds() throws -> [(String, GGUFWriter)] {
    var values = GGUFMetadata()
    values["general.architecture"] = .string("stablelm")
    values["u8"] = .uint8(1)
    values["i8"] = .int8(-1)
    values["u16"] = .uint16(2)
    values["i16"] = .int16(-2)
    values["u32"] = .uint32(3)
    values["i32"] = .int32(-3)
    values["u64"] = .uint64(4)
    values["i64"] = .int64(-4)
    values["f32"] = .float32(1e-5)
    values["f64"] = .float64(0.5)
    values["bool"] = .bool(true)
    values["bytes"] = .bytes([0xFF, 0xFE])
    values["strings"] = .strings(GGUFStringArray(["a", "", "bc"]))
    values["ints"] = .numbers(GGUFNumbers([1, -2] as [Int32]))
    values["longs"] = .numbers(GGUFNumbers([1, -2] as [Int64]))
    values["floats"] = .numbers(GGUFNumbers([1, 0.5] as [Float]))
    values["doubles"] = .numbers(GGUFNumbers([1, 0.5] as [Double]))
    values["bools"] = .numbers(GGUFNumbers([true, false]))
    values["bytes8"] = .numbers(GGUFNumbers([1, 2, 3] as [UInt8]))

    var types = GGUFWriter()
    for type in TensorType.allCases {
        let bytes = [UInt8](repeating: 7, count: type.blockBytes * 2)
        try types.add(
            type.name, type: type, dimensions: [type.blockSize, 2], data: ByteRegion(ByteStore.copying(bytes)))
    }
    var aligned = GGUFWriter()
    aligned.metadata["general.alignment"] = .uint32(8)
    for rank in 1...4 {
        let dimensions = (0..<rank).map { $0 + 1 }
        let bytes = [UInt8](repeating: 1, count: 2 * dimensions.reduce(1, *))
        try aligned.add("t\(rank)", type: .f16, dimensions: dimensions, data: ByteRegion(ByteStore.copying(bytes)))
    }
    return [
        ("values", GGUFWriter(metadata: values)), ("types", types), ("aligned", aligned), ("empty", GGUFWriter()),
        ("model", try model()),
    ]
}

/// A StableLM of one block and four tokens.
private func model() throws -> GGUFWriter {
    var writer = GGUFWriter()
    writer.metadata["general.architecture"] = .string("stablelm")
    for (key, value) in [
        ("context_length", 16), ("embedding_length", 8), ("block_count", 1), ("feed_forward_length", 12),
        ("rope.dimension_count", 2), ("attention.head_count", 2), ("attention.head_count_kv", 1),
    ] as [(String, UInt32)] {
        writer.metadata["stablelm.\(key)"] = .uint32(value)
    }
    writer.metadata["stablelm.attention.layer_norm_epsilon"] = .float32(1e-5)
    writer.metadata["tokenizer.chat_template"] = .string("{{ messages }}")
    let block: [(String, [Int])] = [
        ("attn_norm.weight", [8]), ("attn_norm.bias", [8]), ("attn_q.weight", [8, 8]), ("attn_k.weight", [8, 4]),
        ("attn_v.weight", [8, 4]), ("attn_output.weight", [8, 8]), ("ffn_norm.weight", [8]), ("ffn_norm.bias", [8]),
        ("ffn_gate.weight", [8, 12]), ("ffn_up.weight", [8, 12]), ("ffn_down.weight", [12, 8]),
    ]
    let ends: [(String, [Int])] = [
        ("token_embd.weight", [8, 4]), ("output_norm.weight", [8]), ("output_norm.bias", [8]),
        ("output.weight", [8, 4]),
    ]
    for (name, dimensions) in ends + block.map({ ("blk.0.\($0.0)", $0.1) }) {
        let bytes = [UInt8](repeating: 0, count: 4 * dimensions.reduce(1, *))
        try writer.add(name, type: .f32, dimensions: dimensions, data: ByteRegion(ByteStore.copying(bytes)))
    }
    // Without this the seed would only ever exercise refusals.
    _ = try Checkpoint(gguf: GGUFFile(ByteStore.copying(writer.bytes()), name: "seed"))
    return writer
}
