import Kite
import Testing

@testable import KiteTools

@Suite struct ModelWorkTests {
    private static let shape = ModelConfiguration(
        architecture: .stablelm, vocabularySize: 512, embeddingLength: 256, layerCount: 2, feedForwardLength: 512,
        headCount: 4, keyValueHeadCount: 2, headDimension: 64, rotaryDimensions: 16, rotaryPairing: .halves,
        norm: .layer, contextLength: 128)
    /// q and o, k and v, gate, up and down.
    private static let blockWeights = 2 * (2 * 256 * 256 + 2 * 256 * 128 + 3 * 256 * 512)
    private static let outputWeights = 512 * 256
    /// Norms with biases, two per block and one at the end.
    private static let normBytes = 5 * 2 * 256 * 4
    private static let layout = KVLayout(type: .f16, layers: 2, kvHeads: 2, headSize: 64)

    private static func work(
        _ mix: String = "Q8_0", window: Int? = nil, activations: ActivationPrecision = .int8
    ) throws -> ModelWork {
        var shape = shape
        shape.slidingWindow = window
        let checkpoint = try SyntheticModel.checkpoint(
            name: "tiny", configuration: shape, mix: #require(QuantizationMix(name: mix)))
        return try ModelWork(checkpoint, layout: #require(layout), activations: activations)
    }

    private static func machine(
        bandwidth: Double = .infinity, int8: Double = .infinity, bf16: Double? = .infinity, f32: Double = .infinity
    ) -> MachineCeilings {
        MachineCeilings(
            threads: 1, readBandwidth: bandwidth, int8Operations: int8, bf16Operations: bf16, f32Operations: f32)
    }

    @Test func aPromptIsReadInChunks() {
        let passes = ModelWork.passes(of: .init(prompt: 1000, depth: 10), promptChunk: 512)
        #expect(
            passes == [
                .init(positions: [10], tokens: 512, wantsLogits: false),
                .init(positions: [522], tokens: 488, wantsLogits: true),
            ])
    }

    @Test func sequencesShareThePassesOfGeneration() {
        let passes = ModelWork.passes(of: .init(generated: 2, depth: 5, sequences: 3), promptChunk: 512)
        #expect(
            passes == [
                .init(positions: [5, 5, 5], tokens: 1, wantsLogits: true),
                .init(positions: [6, 6, 6], tokens: 1, wantsLogits: true),
            ])
    }

    @Test func generationReadsAllWeightsButTheEmbeddingAndItsContext() throws {
        let bytes = (Self.blockWeights + Self.outputWeights) / 32 * 34 + Self.normBytes
        let work = try Self.work()
        #expect(work.bytesPerToken(context: 0) == bytes)
        // Keys and values, 2 layers, 2 heads of 64 halves.
        #expect(work.bytesPerToken(context: 10) == bytes + 10 * 2 * 2 * 2 * 64 * 2)
        #expect(try Self.work(window: 4).bytesPerToken(context: 10) == work.bytesPerToken(context: 4))
        let ceiling = work.ceiling(of: .init(generated: 1), promptChunk: 512, Self.machine(bandwidth: 1e9))
        #expect(abs(ceiling - 1e9 / Double(bytes)) < 1e-6)
        // Eight sequences read the weights once.
        let eight = work.ceiling(of: .init(generated: 1, sequences: 8), promptChunk: 512, Self.machine(bandwidth: 1e9))
        #expect(abs(eight - 8 * ceiling) < 1e-6)
    }

    @Test func promptsMultiplyEveryTokenWithTheBlocksAndOneWithTheOutput() throws {
        let operations = 2 * Double(Self.blockWeights * 100 + Self.outputWeights)
        let ceiling = try Self.work().ceiling(of: .init(prompt: 100), promptChunk: 512, Self.machine(int8: 1e9))
        #expect(abs(ceiling - 100 * 1e9 / operations) < 1e-6)
    }

    @Test func attentionSeesEveryKeyUpToItsOwn() throws {
        // 4 operations per number of a query head and key; token i of 3 after 7 sees i + 8 keys.
        let operations = Double(4 * 4 * 64 * 2 * (8 + 9 + 10))
        let work = try Self.work()
        let ceiling = work.ceiling(of: .init(prompt: 3, depth: 7), promptChunk: 512, Self.machine(f32: 1e6))
        #expect(abs(ceiling - 3 * 1e6 / operations) < 1e-9)
        let narrow = try Self.work(window: 2)
        let windowed = narrow.ceiling(of: .init(prompt: 3, depth: 7), promptChunk: 512, Self.machine(f32: 1e6))
        #expect(abs(windowed - 3 * 1e6 / Double(4 * 4 * 64 * 2 * 6)) < 1e-9)
    }

    @Test(arguments: [("F32", 1e6), ("F16", 1e6), ("BF16", 2e6), ("Q4_0", 4e6)])
    func eachTypeHasItsOwnPeak(_ type: String, _ rate: Double) throws {
        let work = try Self.work(type)
        let machine = Self.machine(int8: 4e6, bf16: 2e6, f32: 1e6)
        // Some recipes give the output matrix another type than the blocks, which is multiplied as integers too.
        let products = 2 * Double(Self.blockWeights + Self.outputWeights) / rate
        // Of the f16 cache.
        let attention = Double(4 * 4 * 64 * 2) / 1e6
        let ceiling = work.ceiling(of: .init(prompt: 1), promptChunk: 512, machine)
        #expect(abs(1 / ceiling - (products + attention)) < 1e-9)
    }

    @Test func exactProductsAreF32() throws {
        let pass = ModelWork.Pass(positions: [0], tokens: 1, wantsLogits: true)
        let machine = Self.machine(int8: 4e6, bf16: 2e6, f32: 1e6)
        let seconds = try Self.work("F32").seconds(pass, machine)
        for type in ["Q4_0", "BF16"] {
            #expect(try Self.work(type, activations: .float32).seconds(pass, machine) == seconds)
        }
    }

    @Test func withoutBF16InstructionsF32IsThePeak() throws {
        let pass = ModelWork.Pass(positions: [0], tokens: 1, wantsLogits: true)
        let work = try Self.work("BF16")
        #expect(
            work.seconds(pass, Self.machine(bf16: nil, f32: 1e6))
                == work.seconds(pass, Self.machine(bf16: 1e6, f32: 1e6)))
    }

    @Test func theSlowerOfMemoryAndArithmeticBoundsAPass() throws {
        let pass = ModelWork.Pass(positions: [0], tokens: 64, wantsLogits: true)
        let work = try Self.work()
        let memory = work.seconds(pass, Self.machine(bandwidth: 1e9))
        let compute = work.seconds(pass, Self.machine(int8: 1e10))
        #expect(work.seconds(pass, Self.machine(bandwidth: 1e9, int8: 1e10)) == max(memory, compute))
    }

    @Test func measuredCeilingsAreReached() throws {
        let shape = Self.shape
        let checkpoint = try SyntheticModel.checkpoint(
            name: "tiny", configuration: shape, mix: #require(QuantizationMix(name: "Q4_0")))
        let benchmark = try SpeedBenchmark(checkpoint, options: .init(promptChunk: 8), threads: 1)
        var stages: [SpeedBenchmark.Stage] = []
        let result = try benchmark.run(
            .init(generated: 2, depth: 3, sequences: 3), repetitions: 2, meter: CeilingMeter(threads: 1),
            onStage: { stages.append($0) })
        #expect(result.samples.count == 2)
        #expect(try #require(result.ceiling) > 0)
        #expect(try #require(result.share) > 0)
        #expect(stages.prefix(3) == [.ceilings, .depth, .warmUp])
        #expect(stages.count == 5)
    }
}
