import KiteTools
import ModelFiles
import TensorCore
import TestSupport
import Testing

/// Adapters between PEFT and GGUF, merged into their base, and refused when they do not fit.
@Suite struct LoRAAdapterTests {
    private static let rank = 4

    private static func base(_ name: String) throws -> ModelConfiguration {
        try Checkpoint.open(path: Golden.path("models/\(name)/hf")).configuration
    }

    /// Numbers that repeat, none zero.
    private static func numbers(_ count: Int, _ seed: Int) -> [UInt8] {
        (0..<count).flatMap { index in
            let value = Float((index * 7 + seed * 13) % 19 - 9) / 64 + 0.01
            return withUnsafeBytes(of: value.bitPattern.littleEndian) { [UInt8]($0) }
        }
    }

    /// A PEFT folder with factors for q and down of the first layer.
    private static func write(
        _ folder: TemporaryFolder, _ base: ModelConfiguration, config: String? = nil,
        changing change: (inout [(name: String, shape: [Int])]) -> Void = { _ in }
    ) throws -> String {
        let (layer, width) = ("base_model.model.model.layers.0.", base.embeddingLength)
        var tensors = [
            (layer + "self_attn.q_proj.lora_A.weight", [rank, width]),
            (layer + "self_attn.q_proj.lora_B.weight", [base.headCount * base.headDimension, rank]),
            (layer + "mlp.down_proj.lora_A.weight", [rank, base.feedForwardLength]),
            (layer + "mlp.down_proj.lora_B.weight", [width, rank]),
        ].map { (name: $0.0, shape: $0.1) }
        change(&tensors)
        var writer = SafetensorsWriter()
        for (index, tensor) in tensors.enumerated() {
            let bytes = numbers(tensor.shape.reduce(1, *), index)
            try writer.add(tensor.name, type: .f32, shape: tensor.shape, data: ByteRegion(.copying(bytes)))
        }
        _ = try folder.write("adapter_model.safetensors", writer.bytes())
        let text = config ?? #"{"peft_type": "LORA", "r": 4, "lora_alpha": 8, "bias": "none"}"#
        _ = try folder.write("adapter_config.json", Array(text.utf8))
        return folder.path("")
    }

    private func tensors(_ path: String) throws -> [String: [UInt8]] {
        Dictionary(
            uniqueKeysWithValues: try SafetensorsFile(path: path + "/adapter_model.safetensors").tensors.map {
                ($0.name, $0.data.withBytes { bytes in bytes.withUnsafeBytes { [UInt8]($0) } })
            })
    }

    @Test(arguments: ["llama", "stablelm-3b"]) func comesBackTheSame(_ name: String) throws {
        let base = try Self.base(name)
        try TemporaryFolder.with { folder in
            let path = try Self.write(folder, base)
            let (file, back) = (folder.path("a.gguf"), folder.path("back"))
            try LoRAAdapter.open(path: path, base: base).writeGGUF(to: file)
            let gguf = try GGUFFile(path: file)
            #expect(try gguf.metadata.float("adapter.lora.alpha") == 8)
            #expect(gguf.tensors.map(\.name).contains("blk.0.attn_q.weight.lora_a"))
            try LoRAAdapter.open(path: file, base: base).writePEFT(to: back)
            #expect(try tensors(back) == tensors(path))
        }
    }

    /// Row by row what W + 2 · B · A is, for both forms of adapter and base.
    @Test(arguments: ["llama", "stablelm-3b"]) func mergesTheSameFromAllForms(_ name: String) throws {
        let base = try Self.base(name)
        try TemporaryFolder.with { folder in
            let path = try Self.write(folder, base)
            let file = folder.path("a.gguf")
            try LoRAAdapter.open(path: path, base: base).writeGGUF(to: file)
            let source = try HuggingFaceFolder(path: Golden.path("models/\(name)/hf"))
            var results: [GGUFFile] = []
            for adapter in [path, file] {
                var converter = try ModelConverter(source, type: .f32)
                converter.adapters = [try AppliedAdapter(.open(path: adapter, base: base))]
                results.append(try GGUFFile(.copying(converter.writer().bytes()), name: adapter))
            }
            let plain = folder.path("plain.gguf")
            try ModelConverter(source, type: .f32).convert(to: plain)
            var rewriter = GGUFRewriter(try GGUFFile(path: plain))
            rewriter.adapters = [try AppliedAdapter(.open(path: path, base: base))]
            try rewriter.write(to: folder.path("merged.gguf"))
            results.append(try GGUFFile(path: folder.path("merged.gguf")))
            var exporter = try ModelExporter(GGUFFile(path: plain), type: .f32)
            exporter.adapters = [try AppliedAdapter(.open(path: file, base: base))]
            try exporter.export(to: folder.path("merged"))
            let exported = try HuggingFaceFolder(path: folder.path("merged"))
            results.append(
                try GGUFFile(.copying(ModelConverter(exported, type: .f32).writer().bytes()), name: "folder"))

            for tensor in results[0].tensors {
                for other in results.dropFirst() {
                    let data = try other.requiredTensor(tensor.name).data
                    #expect(data.withBytes { one in tensor.data.withBytes { one.equals($0) } }, "\(tensor.name)")
                }
            }
            let weights = try SafetensorsFile(path: path + "/adapter_model.safetensors")
            let prefix = "base_model.model.model.layers.0.mlp.down_proj.lora_"
            let a = try #require(weights[tensor: prefix + "A.weight"]).matrix
            let b = try #require(weights[tensor: prefix + "B.weight"]).matrix
            let w = try #require(source.weights[tensor: "model.layers.0.mlp.down_proj.weight"]).matrix
            let merged = try results[0].requiredTensor("blk.0.ffn_down.weight").matrix
            for row in [0, 3, w.rows - 1] {
                var expected = w.dequantizedRow(row)
                for (factor, rank) in zip(b.dequantizedRow(row), 0..<Self.rank) {
                    for (column, value) in a.dequantizedRow(rank).enumerated() {
                        expected[column] += 2 * factor * value
                    }
                }
                #expect(zip(merged.dequantizedRow(row), expected).allSatisfy { abs($0 - $1) < 1e-6 })
            }
        }
    }

    @Test func countsScalesAsPEFTDoes() throws {
        let base = try Self.base("llama")
        for (config, alpha) in [
            (#"{"r": 4, "lora_alpha": 6}"#, 6.0), (#"{"r": 4, "lora_alpha": 6, "use_rslora": true}"#, 12.0),
            (#"{"r": 1, "lora_alpha": 6, "rank_pattern": {"q_proj": 4, "mlp.down_proj": 4}}"#, 6.0),
        ] {
            try TemporaryFolder.with { folder in
                let path = try Self.write(folder, base, config: config)
                try LoRAAdapter.open(path: path, base: base).writeGGUF(to: folder.path("a.gguf"))
                let found = try GGUFFile(path: folder.path("a.gguf")).metadata.float("adapter.lora.alpha")
                #expect(found == Float(alpha))
            }
        }
    }

    private func refused(
        _ expected: AdapterError, config: String? = nil,
        changing change: (inout [(name: String, shape: [Int])]) -> Void = { _ in },
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        let base = try Self.base("llama")
        try TemporaryFolder.with { folder in
            let path = try Self.write(folder, base, config: config, changing: change)
            #expect(throws: expected, sourceLocation: location) { try LoRAAdapter.open(path: path, base: base) }
        }
    }

    @Test func refusesWhatDoesNotFit() throws {
        let q = "model.layers.0.self_attn.q_proj"
        let prefix = "base_model.model.\(q)"
        try refused(.rank(q, 0)) {
            $0[0].shape[0] = 0
            $0[1].shape[1] = 0
        }
        try refused(.rank(q, 5000)) { $0[0].shape[0] = 5000 }
        try refused(.wrongShape(prefix + ".lora_A.weight", found: [4, 60], expected: [4, 64])) { $0[0].shape[1] = 60 }
        try refused(.wrongShape(prefix + ".lora_B.weight", found: [320, 3], expected: [320, 4])) { $0[1].shape[1] = 3 }
        try refused(.missingHalf(q + ".lora_B.weight")) { $0.remove(at: 1) }
        try refused(.unexpectedTensor("base_model.model.lm_head.weight")) {
            $0.append(("base_model.model.lm_head.weight", [2, 2]))
        }
        try refused(.notInBase("model.layers.9.self_attn.q_proj.weight")) {
            $0[0].name = "base_model.model.model.layers.9.self_attn.q_proj.lora_A.weight"
            $0[1].name = "base_model.model.model.layers.9.self_attn.q_proj.lora_B.weight"
        }
        try refused(.unsupported("an adapter with use_dora"), config: #"{"r": 4, "lora_alpha": 8, "use_dora": true}"#)
        for (member, message) in [
            (#""use_qalora": true"#, "an adapter with use_qalora"),
            (#""alora_invocation_tokens": [1, 2]"#, "an adapter with alora_invocation_tokens"),
            (#""layer_replication": [[0, 1]]"#, "an adapter with layer_replication"),
            (
                #""init_lora_weights": "pissa_niter_4""#,
                "an adapter made with pissa_niter_4, which changes the base model,"
            ),
            (
                #""alpha_pattern": {"^model.*q_proj": 2}"#,
                "an adapter whose alpha_pattern has the regular expression ^model.*q_proj"
            ),
        ] {
            try refused(.unsupported(message), config: #"{"r": 4, "lora_alpha": 8, \#(member)}"#)
        }
        try refused(.unsupported("an adapter of the type IA3"), config: #"{"peft_type": "IA3"}"#)
    }

    @Test func refusesAlphasThatAreNoNumbers() throws {
        let base = try Self.base("llama")
        try TemporaryFolder.with { folder in
            let path = try Self.write(folder, base, config: #"{"r": 4, "lora_alpha": NaN}"#)
            #expect(throws: AdapterError.alpha(path + "adapter_config.json")) {
                try LoRAAdapter.open(path: path, base: base)
            }
        }
        for (alpha, error) in [(Float.nan, true), (0, false)] {
            let file = try Self.gguf(base, alpha: alpha)
            if error {
                #expect(throws: AdapterError.alpha("a.gguf")) { try LoRAAdapter(gguf: file, base: base) }
            } else {
                #expect(try LoRAAdapter(gguf: file, base: base).count == 1)
            }
        }
    }

    @Test func refusesAdaptersOfOtherModels() throws {
        let base = try Self.base("stablelm-3b")
        let file = try Self.gguf(try Self.base("llama"), alpha: 1)
        #expect(throws: AdapterError.architecture(found: "llama", expected: "stablelm")) {
            try LoRAAdapter(gguf: file, base: base)
        }
        let model = try GGUFFile(path: Golden.path("models/llama/model.gguf"))
        #expect(throws: AdapterError.notLoRA(model.name)) { try LoRAAdapter(gguf: model, base: Self.base("llama")) }
    }

    /// A GGUF adapter of rank 1 for `attn_output` of the first layer.
    private static func gguf(_ base: ModelConfiguration, alpha: Float) throws -> GGUFFile {
        let (rows, columns) = (base.embeddingLength, base.headCount * base.headDimension)
        let bytes = GGUFBuilder()
            .set("general.architecture", .string(base.architecture.rawValue)).set("general.type", .string("adapter"))
            .set("adapter.type", .string("lora")).set("adapter.lora.alpha", .float32(alpha))
            .tensor(
                "blk.0.attn_output.weight.lora_a", [UInt64(columns), 1], floats: [Float](repeating: 1, count: columns)
            )
            .tensor(
                "blk.0.attn_output.weight.lora_b", [1, UInt64(rows)], floats: [Float](repeating: 1, count: rows)
            ).bytes()
        return try GGUFFile(.copying(bytes), name: "a.gguf")
    }
}

extension RawSpan {
    fileprivate func equals(_ other: RawSpan) -> Bool {
        byteCount == other.byteCount
            && withUnsafeBytes { one in other.withUnsafeBytes { one.elementsEqual($0) } }
    }
}
