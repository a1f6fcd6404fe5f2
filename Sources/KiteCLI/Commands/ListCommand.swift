import ArgumentParser
import Kite
import KiteHub

/// `kite list`: the models in the store.
struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the models that were fetched.",
        discussion: """
            Only whole models: a GGUF file with all its parts, a checkpoint with all its shards. The names are what \
            every command takes as MODEL. Models that Hugging Face's tools fetched are listed too.

            Examples:
              kite list
              kite list --json | jq -r .[].path
            """,
        aliases: ["ls"]
    )

    @Flag(help: "Write JSON: name, repository, commit, type, path, files, bytes, modified.")
    var json = false

    func run() async throws {
        let models = try ModelResolver.hub().store.models()
        if json { return try Console.writeJSON(.array(models.map(Self.json)), pretty: SystemIO.isTerminal(1)) }
        guard !models.isEmpty else {
            return Console.note("no models yet: 'kite pull owner/repo' fetches one", style: .plain)
        }
        let names = models.map { Console.oneLine($0.name) }
        let width = max(names.map(\.count).max() ?? 0, 4)
        let now = SystemIO.unixTime
        Console.writeLine(Self.padded("NAME", width) + "  " + Self.right("SIZE", 8) + "  FETCHED")
        for (name, model) in zip(names, models) {
            let size = Self.right(Format.bytes(model.bytes), 8)
            Console.writeLine("\(Self.padded(name, width))  \(size)  \(Format.age(now - model.modified))")
        }
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(width - text.count, 0))
    }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(width - text.count, 0)) + text
    }

    private static func json(_ model: StoredModel) -> JSONValue {
        var object = JSONObject()
        object["name"] = .string(model.name)
        object["repository"] = .string(model.repository)
        object["commit"] = .string(model.commit)
        object["type"] = model.quantization.map(JSONValue.string) ?? .null
        object["format"] = .string(model.isCheckpoint ? "safetensors" : "gguf")
        object["path"] = .string(model.path)
        object["files"] = .array(model.files.map(JSONValue.string))
        object["bytes"] = .integer(Int64(model.bytes))
        object["modified"] = .integer(Int64(model.modified))
        return .object(object)
    }
}
