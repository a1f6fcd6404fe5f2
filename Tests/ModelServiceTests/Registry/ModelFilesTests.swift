import Foundation
import Kite
import TestSupport
import Testing

@testable import ModelService

/// Registries of real files: the built-in model, written out.
@Suite(.timeLimit(.minutes(2))) struct ModelFilesTests {
    private static let nano = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Sources/CNano/nano-chat.gguf")

    private func answer(_ lease: ModelLease) async throws -> String {
        let options = GenerationOptions(sampling: .greedy, maximumResponseTokens: 20)
        let stream = lease.model.streamResponse(to: [.user("What is the capital of Peru?")], options: options)
        var text = ""
        for try await snapshot in stream { text += snapshot.delta }
        return text
    }

    @Test func aDeletedFileKeepsAnsweringAndCannotBeLoadedAgain() async throws {
        try await TemporaryFolder.with { folder in
            let path = folder.path("one.gguf")
            try FileManager.default.copyItem(atPath: Self.nano.path(percentEncoded: false), toPath: path)
            let registry = try ModelRegistry(
                [ModelEntry(path: path)], options: RegistryOptions(idleTime: .milliseconds(200)))
            let lease = try await registry.acquire("one")
            try FileManager.default.removeItem(atPath: path)
            #expect(try await answer(lease) == "The capital of Peru is Lima.")
            #expect(try await registry.acquire("one").name == "one")
            withExtendedLifetime(lease) {}
            _ = consume lease
            try await eventually { registry.state("one") == .unloaded }
            let error = await #expect(throws: RegistryError.self) { _ = try await registry.acquire("one") }
            #expect(error == .missingFile(model: "one"))
            #expect(error?.status == 503)
            #expect(error?.description.contains("/") == false)
            #expect(registry.statistics.leases == 0)
        }
    }

    @Test func aDamagedFileIsNamedWithoutItsFolder() async throws {
        try await TemporaryFolder.with { folder in
            try folder.write("bad.gguf", Array("no model at all".utf8))
            let registry = try ModelRegistry([ModelEntry(path: folder.path("bad.gguf")), .nano])
            let error = await #expect(throws: RegistryError.self) { _ = try await registry.acquire(nil) }
            guard case .loadFailed("bad", let reason)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(reason.contains("bad.gguf"))
            #expect(!reason.contains("/"))
            #expect(try await answer(registry.acquire("nano")) == "The capital of Peru is Lima.")
        }
    }

    @Test func aBudgetCountsWeightsAndContext() async throws {
        let registry = try ModelRegistry([.nano], options: RegistryOptions(memoryBudget: 64 << 20))
        let lease = try await registry.acquire(nil)
        let bytes = try #require(registry.status.first).bytes
        #expect(bytes > lease.model.weightBytes)
        #expect(bytes <= 64 << 20)
        let tight = try ModelRegistry([.nano], options: RegistryOptions(memoryBudget: 1 << 20))
        let error = await #expect(throws: RegistryError.self) { _ = try await tight.acquire(nil) }
        #expect(error?.code == "model_too_large")
        #expect(ModelLoader.contextMemory(budget: 100, weights: 20, context: 5) == 20)
        #expect(ModelLoader.contextMemory(budget: 40, weights: 20, context: 5) == 10)
        #expect(ModelLoader.contextMemory(budget: 22, weights: 20, context: 5) == 5)
    }

    @Test func aPathIsLookedUpWhenTheModelIsNeeded() async throws {
        let path = Self.nano.path(percentEncoded: false)
        let registry = try ModelRegistry([ModelEntry(name: "owner/repo:Q8_0", source: .resolved { path })])
        #expect(registry.state("owner/repo:Q8_0") == .unloaded)
        #expect(try await answer(registry.acquire("owner/repo:Q8_0")) == "The capital of Peru is Lima.")
    }

    @Test func aModelThatWasGivenLoadedStays() async throws {
        let registry = ModelRegistry(try await SharedNano.model, name: "mine")
        #expect(registry.state("mine") == .loaded)
        #expect(try await registry.acquire(nil).name == "mine")
        #expect(registry.loaded.map(\.name) == ["mine"])
    }
}
