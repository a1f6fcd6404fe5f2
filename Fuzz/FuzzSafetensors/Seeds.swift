import FuzzSeeds
import ModelFiles
import TensorCore

/// Valid inputs to start from.
@_cdecl("LLVMFuzzerInitialize")
public func fuzzInitialize(
    _ count: UnsafeMutablePointer<CInt>?, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> CInt {
    writeSeeds(seeds)
}

private func seeds() throws -> [(name: String, bytes: [UInt8])] {
    var types = SafetensorsWriter()
    for type in SafetensorsType.allCases {
        try types.add(
            type.rawValue, type: type, shape: [2, 8],
            data: ByteRegion(.copying(Array(repeating: 1, count: 2 * type.bits))))
    }
    var shapes = SafetensorsWriter(metadata: [])
    try shapes.add("scalar", type: .f32, shape: [], data: ByteRegion(.copying([0, 0, 0, 0])))
    try shapes.add("none", type: .bf16, shape: [0, 3], data: ByteRegion(.copying([])))
    let index = #"{"metadata":{"total_size":8},"weight_map":{"a":"model-00001-of-00002.safetensors","b":"x"}}"#
    let configurations = [
        #"{"model_type":"stablelm","hidden_size":64,"num_attention_heads":4,"vocab_size":9,"num_hidden_layers":2,"#
            + #""intermediate_size":96,"max_position_embeddings":256,"partial_rotary_factor":0.25,"#
            + #""qk_layernorm":true,"use_parallel_residual":true,"layer_norm_eps":1e-05,"rope_theta":10000}"#,
        #"{"model_type":"llama","hidden_size":64,"num_attention_heads":4,"vocab_size":9,"num_hidden_layers":2,"#
            + #""intermediate_size":96,"max_position_embeddings":256,"rms_norm_eps":1e-06,"rope_parameters":"#
            + #"{"rope_type":"yarn","factor":4.0,"original_max_position_embeddings":32,"rope_theta":5e5}}"#,
        #"{"model_type":"mistral","hidden_size":64,"num_attention_heads":4,"vocab_size":9,"num_hidden_layers":2,"#
            + #""intermediate_size":96,"max_position_embeddings":256,"sliding_window":16,"num_key_value_heads":2,"#
            + #""rope_scaling":{"type":"linear","factor":2}}"#,
    ]
    let json = #"{"a":[1,-2.5e3,true,false,null,"x\n\u00e9\ud83d\ude00"],"b":{"c":{}},"d":[],"e":9223372036854775808}"#
    let plain: [(name: String, bytes: [UInt8])] = [
        ("types", [0] + (try types.bytes())), ("shapes", [0] + (try shapes.bytes())),
    ]
    return plain + [("index", [1] + Array(index.utf8)), ("json", [3] + Array(json.utf8))]
        + configurations.enumerated().map { ("config\($0)", [2] + Array($1.utf8)) }
}
