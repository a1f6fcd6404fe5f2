import Kite
import KiteTools
import ModelFiles
import Testing

@Suite struct SyntheticModelTests {
    private static func preset(_ name: String) throws -> ModelConfiguration {
        try #require(ModelConfiguration.presets.first { $0.name == name }).configuration
    }

    /// Bytes of the tensors in the files that the model cards offer.
    @Test(arguments: [
        ("Q2_K", 1_196_981_760), ("Q3_K_S", 1_252_659_200), ("Q3_K_M", 1_389_629_440), ("Q3_K_L", 1_506_775_040),
        ("Q4_0", 1_606_781_440), ("Q4_K_S", 1_618_905_600), ("Q4_K_M", 1_706_805_760), ("Q5_0", 1_940_072_960),
        ("Q5_K_S", 1_940_072_960), ("Q5_K_M", 1_991_600_640), ("Q6_K", 2_294_195_200), ("Q8_0", 2_971_136_000),
    ])
    func stablelm3BIsAsLargeAsThePublishedFiles(_ name: String, _ bytes: Int) throws {
        let mix = try #require(QuantizationMix(name: name))
        #expect(try SyntheticModel.size(of: Self.preset("stablelm-3b"), mix: mix).bytes == bytes)
    }

    @Test(arguments: [
        ("stablelm-2-1_6b", "Q4_K_M", 1.028), ("stablelm-2-1_6b", "Q8_0", 1.748), ("zephyr-7b", "Q4_K_M", 4.368),
        ("zephyr-7b", "Q5_K_M", 5.131), ("stablelm-2-12b", "Q4_K_M", 7.363), ("stablelm-2-12b", "Q8_0", 12.903),
    ])
    func theOthersToo(_ preset: String, _ name: String, _ gigabytes: Double) throws {
        let mix = try #require(QuantizationMix(name: name))
        let bytes = try SyntheticModel.size(of: Self.preset(preset), mix: mix).bytes
        #expect(abs(Double(bytes) / 1e9 - gigabytes) < 0.0012)
    }

    @Test func everyMixHasAName() {
        #expect(QuantizationMix.allNames.count == 12 + TensorType.allCases.count - 5)
        for name in QuantizationMix.allNames { #expect(QuantizationMix(name: name.lowercased())?.name == name) }
        #expect(QuantizationMix(name: "Q9_X") == nil)
        #expect(QuantizationMix(name: "Q4_0_S") == nil)
    }

    @Test(arguments: QuantizationMix.allNames)
    func weightsAreFiniteAndOfModelSize(_ name: String) throws {
        let shape = ModelConfiguration(
            architecture: .stablelm, vocabularySize: 256, embeddingLength: 256, layerCount: 2, feedForwardLength: 512,
            headCount: 4, keyValueHeadCount: 2, headDimension: 64, rotaryDimensions: 16, rotaryPairing: .halves,
            norm: .layer, contextLength: 128, qkvBias: true)
        let mix = try #require(QuantizationMix(name: name))
        let checkpoint = try SyntheticModel.checkpoint(name: "tiny", configuration: shape, mix: mix)
        #expect(checkpoint.tensorByteCount == (try SyntheticModel.size(of: shape, mix: mix).bytes))
        let benchmark = try SpeedBenchmark(checkpoint, options: .init(promptChunk: 8), threads: 1)
        let result = try benchmark.run(.init(prompt: 12, generated: 3, depth: 4), repetitions: 2)
        #expect(result.samples.count == 2)
        #expect(result.median > 0)
        #expect(benchmark.lastLogits.count == 256)
        #expect(benchmark.lastLogits.allSatisfy { $0.isFinite && abs($0) < 100 })
        #expect(benchmark.lastLogits.contains { abs($0) > 1e-4 })
    }

    @Test func rowsThatAreNoWholeBlocksAreRefused() throws {
        var shape = try Self.preset("stablelm-3b")
        shape.feedForwardLength = 100
        let mix = try #require(QuantizationMix(name: "Q4_K_M"))
        #expect(throws: SyntheticModel.Problem.self) { try SyntheticModel.size(of: shape, mix: mix) }
    }

    @Test func statistics() {
        let result = SpeedBenchmark.Result(
            test: .init(prompt: 512, depth: 1024), seconds: [512, 512.0 / 3, 256, 51.2])
        #expect(result.median == 2.5)
        #expect(result.average == 4)
        #expect(abs(result.deviation - 4.082) < 0.0012)
        #expect(result.test.name == "pp512 @ d1024")
    }
}
