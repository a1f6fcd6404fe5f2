import Hummingbird
import Kite
import KiteServer

/// An app of one's own with a language model under `/ai`: OpenAI's API at `/ai/v1`, the chat page at `/ai/`.
///
///     swift run MountedServer [MODEL.gguf]
///     curl http://127.0.0.1:8080/greeting
///     curl http://127.0.0.1:8080/ai/v1/models

struct MountedServer {
    static func main() async throws {
        let path = CommandLine.arguments.dropFirst().first
        let model = try await LanguageModel.load(path.map { .path($0) } ?? .nano)
        let kite = KiteServer(models: ModelRegistry(model, name: "local"))

        let router = Router()
        // A route of the app's own, which asks the same model without HTTP in between.
        router.get("greeting") { _, _ in
            let session = LanguageModelSession(model: model)
            return try await session.respond(to: "Say hello.").content
        }
        kite.addRoutes(to: router, under: "/ai")

        let app = Application(
            router: router, server: kite.http1(),
            configuration: .init(address: .hostname("127.0.0.1", port: 8080)))
        try await app.runService()
    }
}
