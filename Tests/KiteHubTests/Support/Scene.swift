import ModelFiles
import TensorCore
import TestSupport
import Testing

@testable import KiteHub

/// A Hub on this machine and an empty store.
struct Scene {
    let server: HubServer
    let store: ModelStore
    var settings: HubSettings
    /// `owner/repo`.
    let reference: ModelReference
    private let files: [HubServer.File]

    /// Runs `body` with a fresh one.
    static func with(
        tamperedConfig: Bool = false, _ body: (inout Scene) async throws -> Void
    ) async throws {
        try await TemporaryFolder.with { folder in
            var scene = try Scene(folder.path("hub"), tamperedConfig: tamperedConfig)
            try await body(&scene)
        }
    }

    private init(_ path: String, tamperedConfig: Bool) throws {
        let config = Array(#"{"model_type":"stablelm"}"#.utf8)
        var files = [
            Self.large("m.Q4_K_M.gguf", 200_000), Self.large("m.Q2_K.gguf", 70_000),
            Self.large("s-Q8_0-00001-of-00002.gguf", 20_000), Self.large("s-Q8_0-00002-of-00002.gguf", 10_000),
            Self.small("config.json", config), Self.small("tokenizer.json", Array("{}".utf8)),
            Self.large("model.safetensors", 50_000), Self.small("empty.txt", []), Self.large("twin.bin", 50_000),
        ]
        if tamperedConfig { files[4].bytes[3] ^= 1 }
        self.files = files
        server = try HubServer(files)
        reference = try #require(ModelReference("owner/repo"))
        let endpoint = server.endpoint
        settings = try HubSettings(
            environment: { ["HF_ENDPOINT": endpoint, "HF_HUB_CACHE": path, "HOME": path][$0] }, readFile: { _ in nil })
        settings.firstDelay = 0.01
        settings.chunkSize = 16_000
        store = ModelStore(path: path)
    }

    func file(_ name: String) -> HubServer.File { files.first { $0.name == name } ?? .init("", [], tag: "") }

    func pull(_ text: String) async throws -> PullResult {
        try await pull(PullRequest(try #require(ModelReference(text))))
    }

    func pull(_ request: PullRequest) async throws -> PullResult { try await Hub(settings).pull(request) }

    func read(_ path: String) throws -> [UInt8] {
        try ByteStore.mapping(path).withBytes { bytes in bytes.withUnsafeBytes { [UInt8]($0) } }
    }

    private static func large(_ name: String, _ count: Int) -> HubServer.File {
        var state = UInt64(count)
        let bytes = (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
        var hash = SHA256()
        hash.update(bytes.span.bytes)
        return .init(name, bytes, tag: hash.finish())
    }

    private static func small(_ name: String, _ bytes: [UInt8]) -> HubServer.File {
        var hash = GitBlobHash(size: bytes.count)
        hash.update(bytes.span.bytes)
        return .init(name, bytes, tag: hash.finish())
    }
}
