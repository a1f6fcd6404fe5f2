import ModelFiles
import TensorCore
import TestSupport
import Testing

@Suite struct SafetensorsCheckpointTests {
    private func shard(_ names: [String]) throws -> [UInt8] {
        var writer = SafetensorsWriter()
        for name in names { try writer.add(name, type: .f32, shape: [1], data: ByteRegion(.copying([0, 0, 0, 0]))) }
        return try writer.bytes()
    }

    private func open(_ map: String, _ files: [String: [UInt8]]) throws -> SafetensorsCheckpoint {
        try TemporaryFolder.with { folder in
            try folder.write("model.safetensors.index.json", Array(map.utf8))
            for (name, bytes) in files { try folder.write(name, bytes) }
            return try SafetensorsCheckpoint(folder: folder.path(""))
        }
    }

    @Test func joinsShards() throws {
        let checkpoint = try open(
            #"{"metadata":{"total_size":8},"weight_map":{"a":"1.safetensors","b":"2.safetensors"}}"#,
            ["1.safetensors": shard(["a"]), "2.safetensors": shard(["b"])])
        #expect(checkpoint.tensors.map(\.name) == ["a", "b"])
        #expect(checkpoint[tensor: "b"] != nil)
        #expect(checkpoint[tensor: "c"] == nil)
    }

    @Test func readsShardedReferenceModels() throws {
        for (name, count) in [("llama-yarn", 2), ("stablelm-2-12b", 3)] {
            let checkpoint = try SafetensorsCheckpoint(folder: Golden.path("models/\(name)/hf"))
            #expect(checkpoint.files.count == count)
        }
    }

    @Test(arguments: [
        (#"{"weight_map":{"a":"/etc/passwd"}}"#, "no plain file name"),
        (#"{"weight_map":{"a":"../1.safetensors"}}"#, "no plain file name"),
        (#"{"weight_map":{"a":".."}}"#, "no plain file name"),
        (#"{"weight_map":{"a":"x\\1.safetensors"}}"#, "no plain file name"),
        (#"{"weight_map":{"a":"x\u0000"}}"#, "no plain file name"),
        (#"{"weight_map":{"a":""}}"#, "no plain file name"),
        (#"{"weight_map":{"a":"absent.safetensors"}}"#, "absent.safetensors is not there"),
        (#"{"weight_map":{"a":1}}"#, "a number where a string"),
        (#"{"weight_map":[]}"#, "an array where an object"),
        (#"{"weight_map":{"a":"1.safetensors","a":"2.safetensors"}}"#, "\"a\" twice"),
        (#"{"metadata":{}}"#, "lacks \"weight_map\""),
        (#"{"weight_map":{"a":"2.safetensors"}}"#, "should be in 2.safetensors"),
        (#"{"weight_map":{"a":"1.safetensors","b":"3.safetensors"}}"#, "in two shards"),
        ("", "ends in the middle"),
    ])
    func refusesWithANamedError(map: String, words: String) throws {
        let error = try #require(throws: SafetensorsError.self) {
            try open(
                map,
                ["1.safetensors": shard(["a"]), "2.safetensors": shard(["b"]), "3.safetensors": shard(["a", "b"])])
        }
        #expect(error.description.contains(words), "\(error)")
        if case .io = error.problem { Issue.record("not a named problem: \(error)") }
    }

    @Test func writesAtomically() throws {
        try TemporaryFolder.with { folder in
            let path = folder.path("model.safetensors")
            var writer = SafetensorsWriter()
            try writer.add("a", type: .u8, shape: [3], data: ByteRegion(.copying([1, 2, 3])))
            try writer.write(to: path)
            #expect(try SafetensorsFile(path: path)[tensor: "a"]?.data.copied == [1, 2, 3])
            try writer.add("b", type: .u8, shape: [3]) { _ in throw CancellationError() }
            #expect(throws: CancellationError.self) { try writer.write(to: path) }
            #expect(try SafetensorsFile(path: path).tensors.count == 1)
            #expect(try folder.names().count == 1)
            #expect(throws: SafetensorsError.self) { try writer.write(to: path + "/nowhere") }
        }
    }
}
