import Kite
import ModelFiles
import TensorCore
import TestSupport
import Testing

@testable import ModelService

/// Adapters that requests choose.
@Suite(.timeLimit(.minutes(2))) struct AdapterLeaseTests {
    /// A PEFT folder with factors for the first block's `down_proj` of the built-in model.
    private static func write(_ folder: TemporaryFolder, _ base: ModelConfiguration, size: Float = 0.1) throws {
        var writer = SafetensorsWriter()
        let name = "base_model.model.model.layers.0.mlp.down_proj."
        for (half, shape) in [("lora_A", [2, base.feedForwardLength]), ("lora_B", [base.embeddingLength, 2])] {
            let bytes = (0..<shape[0] * shape[1]).flatMap { index in
                withUnsafeBytes(of: (Float(index % 7 - 3) / 3 * size).bitPattern.littleEndian) { [UInt8]($0) }
            }
            try writer.add("\(name)\(half).weight", type: .f32, shape: shape, data: ByteRegion(.copying(bytes)))
        }
        try folder.write("adapter_model.safetensors", writer.bytes())
        try folder.write(
            "adapter_config.json", Array(#"{"peft_type": "LORA", "r": 2, "lora_alpha": 4, "bias": "none"}"#.utf8))
    }

    /// Calls `body` with the built-in model and adapters of these names.
    private func withAdapters(
        _ names: [String], size: Float = 0.1, _ body: (ModelRegistry) async throws -> Void
    ) async throws {
        let configuration = try await SharedNano.model.configuration
        try await TemporaryFolder.with { folder in
            try Self.write(folder, configuration, size: size)
            var entry = ModelEntry.nano
            entry.adapters = names.map { .init(name: $0, path: folder.path("")) }
            try await body(ModelRegistry([entry]))
        }
    }

    @Test func anAdapterIsLoadedOnceAndChosenByNameAndNumber() async throws {
        try await withAdapters(["poet", "pirate"]) { registry in
            #expect(registry.status[0].adapters == ["poet", "pirate"])
            let plain = try await registry.acquire("nano")
            #expect(plain.adapters == nil)
            #expect(plain.name == "nano")
            let poet = try await registry.acquire("nano:poet")
            #expect(poet.name == "nano:poet")
            let again = try await registry.acquire(nil, adapters: [.init(.name("poet"))])
            #expect(poet.adapters?.entries.map(\.scale) == [1])
            #expect(poet.adapters == again.adapters)
            let both = try await registry.acquire("nano:poet", adapters: [.init(.number(1), scale: 0.5)])
            #expect(both.adapters?.entries.map(\.scale) == [1, 0.5])
            #expect(both.adapters?.entries[0].adapter === poet.adapters?.entries[0].adapter)
            #expect(try await registry.acquire(nil, adapters: [.init(.number(0), scale: 0)]).adapters == nil)
            #expect(plain.model === both.model)
            await #expect(throws: RegistryError.self) {
                _ = try await registry.acquire(nil, adapters: [.init(.number(7))])
            }
            await #expect(throws: RegistryError.self) { _ = try await registry.acquire("nano:sailor") }
        }
    }

    @Test func anAdapterThatCannotBeReadFailsItsModelByName() async throws {
        try await TemporaryFolder.with { folder in
            var entry = ModelEntry.nano
            entry.adapters = [.init(name: "poet", path: folder.path("missing.gguf"))]
            let registry = try ModelRegistry([entry])
            let error = await #expect(throws: RegistryError.self) { _ = try await registry.acquire(nil) }
            guard case .loadFailed("nano", let reason)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(reason.contains("missing.gguf"))
            #expect(!reason.contains("/"))
            #expect(registry.statistics.leases == 0)
        }
    }

    @Test func embeddingsAndJudgementsAreMadeWithTheirAdapters() async throws {
        try await withAdapters(["poet"], size: 0.5) { registry in
            let service = ModelService(models: registry)
            func embedding(_ change: JSONValue) async throws -> (vector: JSONValue?, model: String?) {
                let body: JSONValue = ["input": "What is the capital of Peru?"]
                let reply = await service.reply(
                    to: ServiceRequest(method: "POST", path: "/v1/embeddings", body: try body.adding(change).encoded()))
                let json = try ServiceFixture.json(reply, expecting: 200)
                return (json["data"]?[0]?["embedding"], json["model"]?.text)
            }
            let plain = try await embedding([:])
            let poet = try await embedding(["model": "nano:poet"])
            #expect(poet.model == "nano:poet")
            #expect(poet.vector != nil && poet.vector != plain.vector)
            #expect(try await embedding(["lora": [["name": "poet"]]]).vector == poet.vector)
            #expect(try await embedding(["lora": [["id": 0, "scale": 0]]]).vector == plain.vector)
            func score(_ model: String) async throws -> Double {
                var options = ClassifierOptions()
                (options.unsafeLabels, options.safeLabels, options.template) = (["Lima"], ["Paris"], "{text}")
                return try await ClassifierGuard(registry, model: model, options: options)
                    .score(GuardedContent(prompt: [.user("What is the capital of Peru?")]))
            }
            #expect(try await score("nano:poet") != score("nano"))
        }
    }

    /// Requests with and without an adapter, together and alone: each gets the answer of its own model.
    @Test func requestsAreAnsweredWithTheirAdapters() async throws {
        try await withAdapters(["poet"], size: 0.5) { registry in
            let service = ModelService(models: registry)
            @Sendable func ask(_ change: JSONValue) async throws -> (text: String?, model: String?) {
                let body: JSONValue = [
                    "messages": [["role": "user", "content": "What is the capital of Peru?"]], "temperature": 0,
                    "max_tokens": 24, "logprobs": true,
                ]
                let reply = await service.reply(
                    to: ServiceRequest(
                        method: "POST", path: "/v1/chat/completions", body: try body.adding(change).encoded()))
                let json = try ServiceFixture.json(reply, expecting: 200)
                let first = json["choices"]?[0]?["logprobs"]?["content"]?[0]?["logprob"]?.double
                return (
                    "\(json["choices"]?[0]?["message"]?["content"]?.text ?? "") \(first ?? 0)", json["model"]?.text
                )
            }
            let plain = try await ask([:])
            let poet = try await ask(["model": "nano:poet"])
            #expect(plain.text?.hasPrefix("The capital of Peru is Lima.") == true)
            #expect(poet.text != plain.text)
            #expect((plain.model, poet.model) == ("nano", "nano:poet"))
            #expect(try await ask(["lora": [["name": "poet"]]]).text == poet.text)
            #expect(try await ask(["lora": [["id": 0, "scale": 0]]]).text == plain.text)
            try await withThrowingTaskGroup(of: (Bool, String?).self) { group in
                for number in 0..<12 {
                    let isPoet = number % 2 == 0
                    group.addTask { (isPoet, try await ask(isPoet ? ["lora": [["id": 0]]] : [:]).text) }
                }
                for try await (isPoet, text) in group { #expect(text == (isPoet ? poet.text : plain.text)) }
            }
            #expect(registry.statistics.leases == 0)
            #expect(registry.statistics.loads == 1)
        }
    }
}
