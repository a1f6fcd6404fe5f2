import Kite
import KiteTools
import ModelFiles
import TensorCore
import Testing

@Suite struct QuantizationPlanTests {
    private static func preset(_ name: String) throws -> ModelConfiguration {
        try #require(ModelConfiguration.presets.first { $0.name == name }).configuration
    }

    private static func plan(
        _ type: String, _ shape: ModelConfiguration, rules: QuantizationRules = .current, isUniform: Bool = false,
        hasImportance: Bool = false, change: (inout QuantizationOptions) throws -> Void = { _ in }
    ) throws -> QuantizationPlan {
        var options = QuantizationOptions()
        options.rules = rules
        try change(&options)
        let mix = try #require(QuantizationMix(recipe: type, isUniform: isUniform))
        return try QuantizationPlan(mix, preset: shape, options: options, hasImportance: hasImportance)
    }

    private static func plan(
        _ type: String, of preset: String = "stablelm-3b", rules: QuantizationRules = .current,
        isUniform: Bool = false, hasImportance: Bool = false,
        change: (inout QuantizationOptions) throws -> Void = { _ in }
    ) throws -> QuantizationPlan {
        try plan(
            type, Self.preset(preset), rules: rules, isUniform: isUniform, hasImportance: hasImportance, change: change)
    }

    private static func type(_ tensor: String, _ plan: QuantizationPlan) throws -> TensorType {
        try #require(plan.entries.first { $0.name == tensor }).type
    }

    /// Tensor bytes of the published files, and what their cards say: size in GB and "max RAM required".
    private static let card: [(String, Int, String, Double)] = [
        ("Q2_K", 1_196_981_760, "1.20", 3.70), ("Q3_K_S", 1_252_659_200, "1.25", 3.75),
        ("Q3_K_M", 1_389_629_440, "1.39", 3.89), ("Q3_K_L", 1_506_775_040, "1.51", 4.01),
        ("Q4_0", 1_606_781_440, "1.61", 4.11), ("Q4_K_S", 1_618_905_600, "1.62", 4.12),
        ("Q4_K_M", 1_706_805_760, "1.71", 4.21), ("Q5_0", 1_940_072_960, "1.94", 4.44),
        ("Q5_K_S", 1_940_072_960, "1.94", 4.44), ("Q5_K_M", 1_991_600_640, "1.99", 4.49),
        ("Q6_K", 2_294_195_200, "2.30", 4.80), ("Q8_0", 2_971_136_000, "2.97", 5.47),
    ]

    @Test(arguments: card)
    func sizesAreThoseOfTheCards(_ name: String, _ bytes: Int, _ gigabytes: String, _ ram: Double) throws {
        let plan = try Self.plan(name, rules: .december2023)
        #expect(plan.parameters == 2_795_443_200)
        #expect(plan.tensorBytes == bytes)
        // Vocabulary and other metadata took about 1.8 MB.
        let hundredths = Int((Double(bytes + 1_800_000) / 1e7).rounded())
        #expect("\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)" == gigabytes)
        // The weights and the keys and values of the whole context, which `show` reports.
        let layout = try #require(KVLayout(type: .f16, layers: 32, kvHeads: 32, headSize: 80))
        #expect(Double(bytes + 1_800_000 + 4096 * layout.bytesPerToken) / 1e9 <= ram)
    }

    @Test(arguments: [
        ("stablelm-2-1_6b", "Q2_K", 0.747, 0.691), ("stablelm-2-1_6b", "Q3_K_S", 0.788, 0.788),
        ("stablelm-2-1_6b", "Q3_K_M", 0.856, 0.854), ("stablelm-2-1_6b", "Q3_K_L", 0.911, 0.911),
        ("stablelm-2-1_6b", "Q4_0", 0.979, 0.979), ("stablelm-2-1_6b", "Q4_K_S", 0.987, 0.986),
        ("stablelm-2-1_6b", "Q4_K_M", 1.028, 1.028), ("stablelm-2-1_6b", "Q5_K_M", 1.184, 1.184),
        ("stablelm-2-1_6b", "Q6_K", 1.350, 1.350), ("stablelm-2-1_6b", "Q8_0", 1.748, 1.748),
        ("zephyr-7b", "Q2_K", 3.082, 2.719), ("zephyr-7b", "Q3_K_M", 3.518, 3.518),
        ("zephyr-7b", "Q4_K_S", 4.140, 4.140), ("zephyr-7b", "Q5_K_S", 4.997, 4.997),
        ("zephyr-7b", "Q6_K", 5.941, 5.941), ("stablelm-2-12b", "Q2_K", 5.235, 4.694),
        ("stablelm-2-12b", "Q4_K_S", 7.003, 7.012), ("stablelm-2-12b", "Q4_K_M", 7.363, 7.363),
        ("stablelm-3b", "Q2_K", 1.197, 1.082), ("stablelm-3b", "Q4_K_M", 1.707, 1.707),
    ])
    func otherModelsAreAsLarge(_ preset: String, _ name: String, _ then: Double, _ now: Double) throws {
        let old = Double(try Self.plan(name, of: preset, rules: .december2023).tensorBytes) / 1e9
        let new = Double(try Self.plan(name, of: preset).tensorBytes) / 1e9
        #expect(abs(old - then) < 0.0015)
        #expect(abs(new - now) < 0.0015)
    }

    @Test(arguments: [("IQ4_XS", 1.535), ("IQ4_NL", 1.616), ("Q4_1", 1.773), ("Q5_1", 2.107)])
    func newerTypes(_ name: String, _ gigabytes: Double) throws {
        #expect(try abs(Double(Self.plan(name).tensorBytes) / 1e9 - gigabytes) < 0.0006)
    }

    @Test func layersAreCountedInTheOrderOfTheFileInDecember2023() throws {
        // As Hugging Face's files had them: 0, 1, 10, 11, …
        let layers = (0..<32).map(String.init).sorted()
        let shape = try Self.preset("stablelm-3b")
        var writer = GGUFWriter(metadata: try Self.metadata(shape))
        for name in ["token_embd.weight", "output.weight"] + layers.map({ "blk.\($0).ffn_down.weight" }) {
            try writer.add(
                name, type: .f16, dimensions: [256, 2], data: ByteRegion(.copying(.init(repeating: 0, count: 1024))))
        }
        let file = try GGUFFile(.copying(writer.bytes()), name: "sample")
        var options = QuantizationOptions()
        options.rules = .december2023
        let mix = try #require(QuantizationMix(recipe: "Q4_K_S"))
        let old = try QuantizationPlan(mix, file: file, configuration: shape, options: options)
        #expect(old.entries.map(\.name) == file.tensors.map(\.name))
        #expect(
            old.entries.filter { $0.type == .q5_K }.map(\.name) == [0, 1, 10, 11].map { "blk.\($0).ffn_down.weight" })
        options.rules = .current
        let new = try QuantizationPlan(mix, file: file, configuration: shape, options: options)
        #expect(
            new.entries.map(\.name).prefix(4) == [
                "output.weight", "token_embd.weight", "blk.0.ffn_down.weight", "blk.1.ffn_down.weight",
            ])
        #expect(new.entries.filter { $0.type == .q5_K }.map(\.name) == (0..<4).map { "blk.\($0).ffn_down.weight" })
        // Parts keep their tensors, and so the order.
        options.keepsSplit = true
        let split = try QuantizationPlan(mix, file: file, configuration: shape, options: options)
        #expect(split.entries.map(\.name) == file.tensors.map(\.name))
    }

    private static func metadata(_ shape: ModelConfiguration) throws -> GGUFMetadata {
        var metadata = GGUFMetadata()
        metadata["general.architecture"] = .string(shape.architecture.rawValue)
        return metadata
    }

    @Test func groupedHeadsGetMoreBits() throws {
        #expect(try Self.type("blk.9.attn_v.weight", Self.plan("Q2_K", of: "zephyr-7b")) == .q4_K)
        #expect(try Self.type("blk.9.attn_v.weight", Self.plan("Q2_K")) == .q3_K)
        #expect(try Self.type("blk.9.attn_v.weight", Self.plan("IQ4_XS", of: "zephyr-7b")) == .q5_K)
        #expect(try Self.type("blk.9.attn_v.weight", Self.plan("IQ4_XS")) == .iq4_XS)
        #expect(
            try Self.type("blk.9.attn_v.weight", Self.plan("Q2_K", of: "zephyr-7b", rules: .december2023)) == .q3_K)
    }

    @Test func seventyBillionsSpendMoreOnValues() throws {
        var shape = try Self.preset("zephyr-7b")
        shape.layerCount = 80
        for rules in QuantizationRules.allCases {
            #expect(try Self.type("blk.40.attn_v.weight", Self.plan("Q4_K_S", shape, rules: rules)) == .q5_K)
            #expect(try Self.type("blk.40.attn_v.weight", Self.plan("Q3_K_S", shape, rules: rules)) == .q5_K)
        }
    }

    @Test func importanceChangesTheFirstDownProjections() throws {
        for (name, better) in [("Q4_0", TensorType.q4_1), ("Q5_0", .q5_1)] {
            let with = try Self.plan(name, hasImportance: true)
            #expect(try Self.type("blk.3.ffn_down.weight", with) == better)
            #expect(try Self.type("blk.4.ffn_down.weight", with).name == name)
            #expect(try Self.type("blk.3.ffn_down.weight", Self.plan(name)).name == name)
        }
        #expect(try Self.type("blk.3.ffn_down.weight", Self.plan("IQ4_XS")) == .q5_K)
        #expect(try Self.type("blk.3.ffn_down.weight", Self.plan("IQ4_XS", hasImportance: true)) == .iq4_XS)
    }

    @Test func tiedEmbeddingsAreOutputToo() throws {
        var shape = try Self.preset("zephyr-7b")
        shape.tiedEmbeddings = true
        #expect(try Self.type("token_embd.weight", Self.plan("Q4_K_M", shape)) == .q6_K)
        #expect(try Self.type("token_embd.weight", Self.plan("Q4_K_M", shape, rules: .december2023)) == .q4_K)
        let chosen = try Self.plan("Q4_K_M", shape) { $0.outputType = .q8_0 }
        #expect(try Self.type("token_embd.weight", chosen) == .q8_0)
    }

    @Test func rowsThatFitNoBlocksGetTheNextType() throws {
        var shape = try Self.preset("stablelm-3b")
        shape.feedForwardLength = 96
        func down(_ name: String, _ rules: QuantizationRules) throws -> TensorType {
            try Self.type("blk.20.ffn_down.weight", Self.plan(name, shape, rules: rules))
        }
        #expect(try down("Q3_K_S", .current) == .q4_0)
        #expect(try down("Q3_K_S", .december2023) == .q4_1)
        for rules in QuantizationRules.allCases {
            #expect(try down("Q4_K_S", rules) == .q5_0)
            #expect(try down("Q5_K_S", rules) == .q5_1)
            #expect(try down("Q6_K", rules) == .q8_0)
        }
        #expect(try down("IQ4_XS", .current) == .iq4_NL)
        let entry = try #require(Self.plan("Q6_K", shape).entries.first { $0.name == "blk.20.ffn_down.weight" })
        #expect(entry.unfit == .q6_K)
        shape.feedForwardLength = 100
        #expect(try down("Q4_K_S", .current) == .f16)
        #expect(try down("Q8_0", .current) == .f16)
    }

    @Test func outputOfOddWidthIsQ8() throws {
        var shape = try Self.preset("stablelm-3b")
        shape.embeddingLength = 32 * 33
        #expect(try Self.type("output.weight", Self.plan("Q4_K_M", shape)) == .q8_0)
    }

    @Test func normsAndBiasesStay() throws {
        for rules in QuantizationRules.allCases {
            let plan = try Self.plan("Q2_K", of: "stablelm-2-12b", rules: rules)
            for entry in plan.entries where entry.name.contains("_norm") { #expect(entry.type == .f32) }
            let biased = try Self.plan("Q2_K", of: "stablelm-2-1_6b", rules: rules)
            for entry in biased.entries where entry.name.hasSuffix("bias") { #expect(entry.type == .f32) }
        }
    }

    @Test func fusedProjectionsCountAsValues() throws {
        let shape = try Self.preset("stablelm-3b")
        var writer = GGUFWriter(metadata: try Self.metadata(shape))
        for name in ["token_embd.weight", "output.weight"] + (0..<32).map({ "blk.\($0).attn_qkv.weight" }) {
            try writer.add(
                name, type: .f32, dimensions: [256, 2], data: ByteRegion(.copying(.init(repeating: 0, count: 2048))))
        }
        let file = try GGUFFile(.copying(writer.bytes()), name: "sample")
        let mix = try #require(QuantizationMix(recipe: "Q4_K_M"))
        var options = QuantizationOptions()
        let new = try QuantizationPlan(mix, file: file, configuration: shape, options: options)
        #expect(new.entries.count { $0.type == .q6_K } == 1 + 16)
        options.rules = .december2023
        let old = try QuantizationPlan(mix, file: file, configuration: shape, options: options)
        #expect(old.entries.count { $0.type == .q5_K } == 32)
    }

    @Test func overridesWin() throws {
        let plan = try Self.plan("Q4_K_M") { options in
            options.overrides = [
                try .init(#"blk\.[0-3]\.FFN_down=q8_0"#), try .init("ffn_=q5_K"), try .init("attn_q=iq4_xs"),
            ]
            options.embeddingType = .q8_0
            options.outputType = .f16
        }
        #expect(try Self.type("blk.3.ffn_down.weight", plan) == .q8_0)
        #expect(try Self.type("blk.4.ffn_down.weight", plan) == .q5_K)
        #expect(try Self.type("blk.4.attn_q.weight", plan) == .iq4_XS)
        #expect(try Self.type("token_embd.weight", plan) == .q8_0)
        #expect(try Self.type("output.weight", plan) == .f16)
        // Norms are never matched, and what is not overridden is as before.
        #expect(try Self.type("blk.4.ffn_norm.weight", plan) == .f32)
        #expect(try Self.type("blk.31.attn_v.weight", plan) == .q6_K)
        #expect(try Self.type("output.weight", Self.plan("Q4_K_M") { $0.leavesOutput = true }) == .f16)
    }

    @Test func uniformMixesHaveOneType() throws {
        let plan = try Self.plan("Q4_K_M", isUniform: true)
        #expect(plan.entries.allSatisfy { $0.type == ($0.dimensions.count > 1 ? .q4_K : .f32) })
        for name in ["F16", "BF16", "F32"] {
            let plan = try Self.plan(name)
            #expect(plan.entries.allSatisfy { $0.type.name == ($0.dimensions.count > 1 ? name : "F32") })
        }
    }

    @Test func mistakesHaveNames() throws {
        #expect(throws: QuantizationError.badOverride("ffn_down")) { try TensorTypeOverride("ffn_down") }
        #expect(throws: QuantizationError.badOverride("=q4_0")) { try TensorTypeOverride("=q4_0") }
        #expect(throws: QuantizationError.unknownTensorType("q4_k_m")) { try TensorTypeOverride("ffn=q4_k_m") }
        #expect(throws: QuantizationError.badPattern("(")) { try TensorTypeOverride("(=q4_0") }
        #expect(throws: QuantizationError.unusedPattern("mlp")) {
            try Self.plan("Q4_0") { $0.overrides = [try .init("mlp=q8_0")] }
        }
        #expect(throws: QuantizationError.unknownToRules("IQ4_XS", rules: "dec2023")) {
            try Self.plan("IQ4_XS", rules: .december2023)
        }
    }

    @Test func recipesHaveNames() {
        for name in QuantizationMix.recipeNames { #expect(QuantizationMix(recipe: name.lowercased())?.name == name) }
        #expect(QuantizationMix(recipe: "q4_k")?.name == "Q4_K_M")
        for name in ["Q4_0_S", "Q8_K", "", "Q6_K_M"] { #expect(QuantizationMix(recipe: name) == nil) }
    }
}
