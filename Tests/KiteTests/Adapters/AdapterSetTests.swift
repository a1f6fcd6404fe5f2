import Kite
import TestSupport
import Testing

/// Which adapters belong together, and which are refused.
@Suite("Adapter sets")
struct AdapterSetTests {
    private func adapter(_ name: String, _ file: String, form: ReferenceModel.Form = .gguf) throws -> LoRA {
        let golden = try AdapterModel.named(name)
        return try golden.adapter(file, for: golden.checkpoint(form))
    }

    @Test("Equal are the same objects at the same scales in the same order")
    func equality() throws {
        let (one, two) = (try adapter("llama", "first"), try adapter("llama", "second"))
        let set = try AdapterSet([(one, 1), (two, 0.5)])
        #expect(set == (try AdapterSet([(one, 1), (two, 0.5)])))
        #expect(set.hashValue == (try AdapterSet([(one, 1), (two, 0.5)])).hashValue)
        #expect(set != (try AdapterSet([(one, 1), (two, 0.25)])))
        #expect(set != (try AdapterSet([(two, 0.5), (one, 1)])))
        #expect(try AdapterSet(one) != AdapterSet(adapter("llama", "first")))
        #expect(try AdapterSet([(one, 1), (two, 0)]) == AdapterSet(one))
    }

    @Test("Scales must be finite")
    func scales() throws {
        let one = try adapter("llama", "first")
        #expect(throws: AdapterError.scale("inf")) { try AdapterSet(one, scale: .infinity) }
        #expect(throws: AdapterError.scale("nan")) { try AdapterSet(one, scale: .nan) }
    }

    /// Also between the two forms of one Llama: rows of q and k are in another order.
    @Test("Adapters of another model are refused by name, and nothing is read")
    func otherBase() throws {
        let golden = try AdapterModel.named("llama")
        let one = try adapter("llama", "first")
        for other in [try adapter("stablelm-3b", "first"), try adapter("llama", "first", form: .checkpoint)] {
            #expect(throws: AdapterError.otherBase(other.path)) { try AdapterSet([(one, 1), (other, 1)]) }
            let transformer = try exactTransformer(golden.checkpoint(.gguf))
            var steps = [
                Transformer.Step(tokens: [3, 4], sequence: KVSequence(transformer.kvLayout), wanted: .last),
                .init(
                    tokens: [5], sequence: KVSequence(transformer.kvLayout), wanted: .last,
                    adapters: try AdapterSet(other)),
            ]
            var logits: [Float] = [1]
            #expect(throws: AdapterError.otherBase(other.path)) { try transformer.forward(&steps, logits: &logits) }
            #expect(steps.map(\.sequence.length) == [0, 0])
            #expect(logits == [1])
        }
    }

    @Test("Factors must be finite")
    func factors() throws {
        let golden = try AdapterModel.named("stablelm-3b")
        let configuration = try golden.checkpoint(.gguf).configuration
        let (rows, columns) = (configuration.embeddingLength, configuration.feedForwardLength)
        for bad in ["lora_a", "lora_b"] {
            var (a, b) = ([Float](repeating: 1, count: columns), [Float](repeating: 1, count: rows))
            if bad == "lora_a" { a[columns - 1] = .nan } else { b[rows - 1] = -.infinity }
            let bytes = GGUFBuilder()
                .set("general.architecture", .string("stablelm")).set("general.type", .string("adapter"))
                .set("adapter.type", .string("lora")).set("adapter.lora.alpha", .float32(1))
                .tensor("blk.1.ffn_down.weight.lora_a", [UInt64(columns), 1], floats: a)
                .tensor("blk.1.ffn_down.weight.lora_b", [1, UInt64(rows)], floats: b).bytes()
            let file = try GGUFFile(.copying(bytes), name: "a.gguf")
            #expect(throws: AdapterError.notFinite("blk.1.ffn_down.weight.\(bad)")) {
                try LoRA(LoRAAdapter(gguf: file, base: configuration))
            }
        }
    }

    @Test("Names on a command line")
    func references() throws {
        let path = try AdapterModel.named("llama").path("first")
        #expect(try AdapterReference(parsing: path).scale == 1)
        let scaled = try AdapterReference(parsing: path + "=-0.5")
        #expect(scaled.path == path)
        #expect(scaled.scale == -0.5)
        #expect(try AdapterReference(parsing: "a:b:2", separator: ":").path == "a:b")
        #expect(throws: AdapterError.scale("inf")) { try AdapterReference(parsing: "a=inf") }
        #expect(throws: AdapterError.scale("")) { try AdapterReference(parsing: "a=") }
    }

    @Test("An adapter says how large it is")
    func size() throws {
        let adapter = try adapter("stablelm-3b", "first")
        #expect(adapter.rank == 4)
        #expect(adapter.matrixCount == 14)
        // 80 wide, 96 in the MLP, two blocks; rows of B in whole blocks of 32.
        let attention = 4 * (80 + 96), mlp = 2 * (80 + 96) + (96 + 96)
        #expect(adapter.byteCount == 2 * 4 * 4 * (attention + mlp))
    }
}
