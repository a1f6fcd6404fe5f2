import TensorCore
import TestSupport
import Testing

@testable import KiteHub

/// Downloads from a Hub on this machine.
@Suite struct PullTests {
    @Test func whatIsPulledIsFoundWithoutTheNetwork() async throws {
        try await Scene.with { scene in
            let result = try await scene.pull("owner/repo:q4_k_m")
            #expect(result.files == ["m.Q4_K_M.gguf"])
            #expect(try scene.read(result.path) == scene.file("m.Q4_K_M.gguf").bytes)
            #expect(result.fetchedBytes == scene.file("m.Q4_K_M.gguf").bytes.count)
            let asked = scene.server.requests(to: "contents").count
            #expect(asked > 1, "one range only")

            let model = try #require(try scene.store.find(scene.reference))
            #expect(model.path == result.path && model.name == "owner/repo:Q4_K_M")
            #expect(scene.store.models().map(\.name) == ["owner/repo:Q4_K_M"])
            #expect(Files.linkTarget(result.path) == "../../blobs/\(scene.file("m.Q4_K_M.gguf").tag)")
            #expect(scene.store.commit(of: "main", in: "owner/repo") == HubServer.commit)

            let again = try await scene.pull("owner/repo:Q4_K_M")
            #expect(again.fetchedBytes == 0 && again.path == result.path)
            #expect(scene.server.requests(to: "contents").count == asked)
        }
    }

    @Test func checkpointsAndSplitModelsComeWhole() async throws {
        try await Scene.with { scene in
            let split = try await scene.pull("owner/repo:Q8_0")
            #expect(split.files == ["s-Q8_0-00001-of-00002.gguf", "s-Q8_0-00002-of-00002.gguf"])
            #expect(split.path.hasSuffix("/s-Q8_0-00001-of-00002.gguf"))
            var request = PullRequest(scene.reference)
            request.prefersCheckpoint = true
            let folder = try await scene.pull(request)
            #expect(Set(folder.files) == ["config.json", "model.safetensors", "tokenizer.json"])
            #expect(try scene.read(folder.path + "/config.json") == scene.file("config.json").bytes)
            #expect(Set(scene.store.models().map(\.name)) == ["owner/repo", "owner/repo:Q8_0"])
            // A part is missing: no longer a model.
            #expect(Files.remove(split.path))
            #expect(scene.store.models().map(\.name) == ["owner/repo"])
        }
    }

    @Test func theTokenStaysWithTheHub() async throws {
        try await Scene.with { scene in
            scene.settings.token = "hf_secret"
            _ = try await scene.pull("owner/repo:Q4_K_M")
            let asked = scene.server.requests(to: "hub")
            #expect(!asked.isEmpty && asked.allSatisfy { $0.headers["authorization"] == "Bearer hf_secret" })
            let elsewhere = scene.server.requests(to: "contents")
            #expect(!elsewhere.isEmpty && elsewhere.allSatisfy { $0.headers["authorization"] == nil })
        }
    }

    @Test func cutConnectionsGoOnWhereTheyWereCut() async throws {
        try await Scene.with { scene in
            scene.server.trouble.cuts = 9
            let result = try await scene.pull("owner/repo:Q4_K_M")
            #expect(try scene.read(result.path) == scene.file("m.Q4_K_M.gguf").bytes)
            #expect(result.fetchedBytes == scene.file("m.Q4_K_M.gguf").bytes.count, "bytes were fetched twice")
        }
    }

    @Test func aStoppedDownloadIsContinued() async throws {
        try await Scene.with { scene in
            scene.settings.attempts = 2
            scene.settings.connections = 1
            scene.server.trouble.statuses = [500, 500]
            // Two ranges come, the third does not.
            scene.server.trouble.cuts = 0
            let bytes = scene.file("m.Q4_K_M.gguf").bytes
            await #expect(throws: HubError.self) { try await scene.pull("owner/repo:Q4_K_M") }
            scene.server.trouble.cuts = 1
            scene.server.trouble.cutsAfter = 3000
            scene.settings.attempts = 1
            await #expect(throws: HubError.self) { try await scene.pull("owner/repo:Q4_K_M") }
            #expect(scene.store.models().isEmpty)
            scene.settings.attempts = 6
            let result = try await scene.pull("owner/repo:Q4_K_M")
            #expect(result.fetchedBytes <= bytes.count - 3000 && result.fetchedBytes > 0)
            #expect(try scene.read(result.path) == bytes)
        }
    }

    @Test(arguments: [429, 500, 502, 503, 504])
    func passingFailuresAreTriedAgain(_ status: Int) async throws {
        try await Scene.with { scene in
            scene.server.trouble.statuses = [status, status]
            scene.server.trouble.hubStatuses = [(status, []), (status, [])]
            let result = try await scene.pull("owner/repo:Q4_K_M")
            #expect(try scene.read(result.path) == scene.file("m.Q4_K_M.gguf").bytes)
        }
    }

    @Test func theServersWaitIsKept() async throws {
        try await Scene.with { scene in
            scene.server.trouble.hubStatuses = [(429, [("Retry-After", "1")])]
            let start = Files.seconds
            _ = try await scene.pull("owner/repo:Q4_K_M")
            #expect(Files.seconds - start >= 1)
        }
    }

    @Test func damagedContentsAreFetchedAgainOnceAndNeverListed() async throws {
        try await Scene.with { scene in
            scene.server.trouble.damaged = 1
            let result = try await scene.pull("owner/repo:Q4_K_M")
            #expect(try scene.read(result.path) == scene.file("m.Q4_K_M.gguf").bytes)
        }
        try await Scene.with { scene in
            scene.server.trouble.damaged = .max
            let error = await #expect(throws: HubError.self) { try await scene.pull("owner/repo:Q4_K_M") }
            guard case .damaged(let file, _, _) = error else { throw try #require(error) }
            #expect(file == "m.Q4_K_M.gguf")
            #expect(scene.store.models().isEmpty)
            #expect(Files.names(in: scene.store.path + "/models--owner--repo/blobs").isEmpty)
        }
    }

    @Test func smallFilesAreCheckedByGitsHash() async throws {
        try await Scene.with(tamperedConfig: true) { scene in
            var request = PullRequest(scene.reference)
            request.files = ["config.json"]
            let error = await #expect(throws: HubError.self) { try await scene.pull(request) }
            guard case .damaged = error else { throw try #require(error) }
        }
    }

    @Test func addressesThatExpireAreAskedForAgain() async throws {
        try await Scene.with { scene in
            scene.server.trouble.expired = 2
            let result = try await scene.pull("owner/repo:Q4_K_M")
            #expect(try scene.read(result.path) == scene.file("m.Q4_K_M.gguf").bytes)
        }
    }

    @Test func aServerWithoutRangesWillDo() async throws {
        try await Scene.with { scene in
            scene.server.trouble.ignoresRanges = true
            scene.server.trouble.cuts = 1
            let result = try await scene.pull("owner/repo:Q4_K_M")
            #expect(try scene.read(result.path) == scene.file("m.Q4_K_M.gguf").bytes)
        }
    }

    @Test(
        arguments: [
            (401, [("X-Error-Code", "GatedRepo")], "gated"),
            (403, [("X-Error-Code", "GatedRepo")], "accept its conditions"),
            (404, [("X-Error-Code", "RevisionNotFound")], "no branch, tag or commit 'main'"),
            (401, [], "or it is private"), (404, [], "there is no repository owner/repo"),
            (451, [("X-Error-Message", "for legal reasons")], "451, for legal reasons"),
        ] as [(Int, [(String, String)], String)])
    func refusalsSayWhatToDo(_ status: Int, _ headers: [(String, String)], _ part: String) async throws {
        try await Scene.with { scene in
            scene.server.trouble.hubStatuses = [(status, headers)]
            let error = await #expect(throws: HubError.self) { try await scene.pull("owner/repo:Q4_K_M") }
            let text = try #require(error).description
            #expect(text.contains(part) && !text.contains("\n"), "\(text)")
        }
    }

    @Test func equalContentsComeOnceAndEmptyFilesToo() async throws {
        try await Scene.with { scene in
            var request = PullRequest(scene.reference)
            request.files = ["model.safetensors", "twin.bin", "empty.txt"]
            #expect(scene.file("twin.bin").tag == scene.file("model.safetensors").tag)
            let result = try await scene.pull(request)
            #expect(result.fetchedBytes == 50_000 && result.bytes == 100_000)
            for name in request.files {
                #expect(try scene.read("\(result.folder)/\(name)") == scene.file(name).bytes)
            }
        }
    }

    @Test func offlineMeansNoRequest() async throws {
        try await Scene.with { scene in
            scene.settings.isOffline = true
            await #expect(throws: HubError.self) { try await scene.pull("owner/repo") }
            #expect(scene.server.requests(to: "hub").isEmpty)
        }
    }

    @Test func aFolderOfTheUsers() async throws {
        try await Scene.with { scene in
            var request = PullRequest(scene.reference)
            request.include = ["*.json"]
            request.localFolder = scene.store.path + "/here"
            let result = try await scene.pull(request)
            let folder = try #require(request.localFolder)
            #expect(result.path == folder)
            #expect(Files.names(in: folder) == [".cache", "config.json", "tokenizer.json"])
            #expect(try await scene.pull(request).fetchedBytes == 0)
            // Changed by the user: fetched again.
            try Files.write("{}", to: folder + "/config.json")
            #expect(try await scene.pull(request).fetchedBytes == scene.file("config.json").bytes.count)
        }
    }

    @Test func cancellingStops() async throws {
        try await Scene.with { scene in
            scene.server.trouble.hubStatuses = [(429, [("Retry-After", "60")])]
            let hub = Hub(scene.settings)
            let request = PullRequest(scene.reference)
            let task = Task { try await hub.pull(request) }
            try await Task.sleep(for: .milliseconds(100))
            task.cancel()
            await #expect(throws: HubError.cancelled) { try await task.value }
        }
    }
}
