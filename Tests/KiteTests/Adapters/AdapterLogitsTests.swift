import Kite
import TestSupport
import Testing

/// Adapters in the forward pass against transformers with PEFT, and against themselves in other company.
@Suite("Adapters at run time")
struct AdapterLogitsTests {
    @Test("f32 logits are within 1e-4 of PEFT's", arguments: AdapterModel.names, ReferenceModel.Form.allCases)
    func first(name: String, form: ReferenceModel.Form) throws {
        let golden = try AdapterModel.named(name)
        let checkpoint = try golden.checkpoint(form)
        let transformer = try exactTransformer(checkpoint)
        let expected = try golden.floats("first.bin")
        for file in ["first", "first.gguf"] {
            let set = try AdapterSet(golden.adapter(file, for: checkpoint))
            let logits = try transformer.allLogits(golden.prompt, adapters: set)
            #expect(largestDifference(logits, expected) <= 1e-4, "\(file)")
        }
    }

    @Test("Two at once, scaled, with ranks and alphas by pattern", arguments: AdapterModel.names)
    func both(name: String) throws {
        let golden = try AdapterModel.named(name)
        for form in ReferenceModel.Form.allCases {
            let checkpoint = try golden.checkpoint(form)
            let set = try AdapterSet([
                (golden.adapter("first", for: checkpoint), golden.scales[0]),
                (golden.adapter("second", for: checkpoint), golden.scales[1]),
            ])
            let logits = try exactTransformer(checkpoint).allLogits(golden.prompt, adapters: set)
            #expect(largestDifference(logits, try golden.floats("both.bin")) <= 1e-4, "\(form)")
        }
    }

    @Test("The scale 0, no set and an empty set are the model itself, to the bit")
    func none() throws {
        let golden = try AdapterModel.named("llama")
        let checkpoint = try golden.checkpoint(.gguf)
        let transformer = try Transformer(
            checkpoint, threads: 2, promptChunk: 512, kvCacheType: nil, activations: .int8)
        let plain = bitPatterns(try transformer.allLogits(golden.prompt))
        let zero = try AdapterSet(golden.adapter("first", for: checkpoint), scale: 0)
        #expect(zero.isEmpty)
        #expect(zero == .none)
        for set in [zero, .none] {
            #expect(bitPatterns(try transformer.allLogits(golden.prompt, adapters: set)) == plain)
        }
    }

    @Test("Logits do not depend on threads or prompt chunks, to the bit", arguments: AdapterModel.names)
    func sameForAnyChunkAndThreads(name: String) throws {
        let golden = try AdapterModel.named(name)
        let checkpoint = try golden.checkpoint(.gguf)
        let set = try AdapterSet([
            (golden.adapter("first", for: checkpoint), 1), (golden.adapter("second", for: checkpoint), 0.5),
        ])
        var expected: [UInt32]?
        for threads in [1, 2] {
            for chunk in [1, 7, 512] {
                let transformer = try Transformer(
                    checkpoint, threads: threads, promptChunk: chunk, kvCacheType: nil, activations: .int8)
                let logits = bitPatterns(try transformer.allLogits(golden.prompt, adapters: set))
                #expect(logits == expected ?? logits, "\(threads) threads, chunks of \(chunk)")
                expected = logits
            }
        }
    }

    /// Steps with one adapter, another, both and none share passes; each gets the numbers it gets alone.
    @Test("Sequences with different adapters share a pass", arguments: AdapterModel.names, [1, 2])
    func mates(name: String, threads: Int) throws {
        let golden = try AdapterModel.named(name)
        let checkpoint = try golden.checkpoint(.gguf)
        let transformer = try Transformer(
            checkpoint, threads: threads, promptChunk: 512, kvCacheType: nil, activations: .int8)
        let (first, second) = (
            try golden.adapter("first", for: checkpoint), try golden.adapter("second", for: checkpoint)
        )
        let sets: [AdapterSet?] = [
            try AdapterSet(first), try AdapterSet(first), nil, try AdapterSet([(second, 0.5), (first, 2)]),
            try AdapterSet(second), AdapterSet.none, try AdapterSet(first, scale: -1),
        ]
        var steps = sets.enumerated().map { index, set in
            Transformer.Step(
                tokens: Array(golden.prompt.dropFirst(index).prefix(5 + 4 * index)),
                sequence: KVSequence(transformer.kvLayout), wanted: index == 3 ? .last : .all, adapters: set)
        }
        let next: [TokenID] = [9, 30, 200, 7, 8, 77, 100]
        var alone: [[UInt32]] = []
        for (index, step) in steps.enumerated() {
            let tokens = step.tokens + [next[index]]
            let all = bitPatterns(try transformer.allLogits(tokens, adapters: step.adapters))
            let width = all.count / tokens.count
            alone.append(Array(index == 3 ? all.suffix(2 * width) : all[...]))
        }
        var logits: [Float] = []
        try transformer.forward(&steps, logits: &logits)
        var rest = bitPatterns(logits)[...]
        let width = checkpoint.configuration.vocabularySize
        for (index, step) in steps.enumerated() {
            let count = (step.wanted == .last ? 1 : step.tokens.count) * width
            #expect(Array(rest.prefix(count)) == Array(alone[index].prefix(count)), "step \(index)")
            rest = rest.dropFirst(count)
        }
        for index in steps.indices {
            steps[index].tokens = [next[index]]
            steps[index].wanted = .last
        }
        try transformer.forward(&steps, logits: &logits)
        for index in steps.indices {
            let one = bitPatterns(Array(logits[index * width..<(index + 1) * width]))
            #expect(one == Array(alone[index].suffix(width)), "token of step \(index)")
        }
    }

    @Test("Hidden states are those of the adapters")
    func hidden() throws {
        let golden = try AdapterModel.named("stablelm-3b")
        let checkpoint = try golden.checkpoint(.gguf)
        let transformer = try exactTransformer(checkpoint)
        let set = try AdapterSet(golden.adapter("first", for: checkpoint))
        let hidden = try transformer.allHidden(golden.prompt, adapters: set)
        // The first adapter leaves the output matrix alone, so logits follow from the rows.
        let output = try checkpoint.tensor("output.weight")
        let expected = try golden.floats("first.bin")
        for (index, row) in [0, 7, 43].enumerated() {
            let x = hidden[row * output.columns..<(row + 1) * output.columns]
            let token = 100 + index
            let logit = zip(output.dequantizedRow(token), x).reduce(0) { $0 + $1.0 * $1.1 }
            #expect(abs(logit - expected[row * output.rows + token]) < 1e-4)
        }
    }
}
