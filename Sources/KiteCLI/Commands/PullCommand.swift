import ArgumentParser
import Kite
import KiteHub

/// `kite pull`: a model from the Hugging Face Hub into the store.
struct PullCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Fetch a model from the Hugging Face Hub.",
        usage: "kite pull [<options>] <owner/repo[:type]> [<file> ...]",
        discussion: """
            Without files: the GGUF file of the type given (all parts of a split one), Q4_K_M or what comes near when \
            none is given, and of a repository without GGUF files the checkpoint (safetensors, configuration, \
            tokenizer). The path of what was fetched goes to standard output.

            Size and SHA-256 are checked before a file appears. What is interrupted goes on with the same command. \
            The store is the one of Hugging Face's tools, ~/.cache/huggingface/hub, so models that they fetched are \
            here too and the reverse. Commands that take a MODEL take owner/repo[:type] and fetch what is missing.

            HF_HOME, HF_HUB_CACHE, HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE and https_proxy have their usual meaning.

            Examples:
              kite pull TheBloke/stablelm-zephyr-3b-GGUF:Q4_K_M
              kite pull stabilityai/stablelm-2-zephyr-1_6b
              kite pull owner/repo model.Q8_0.gguf README.md
              kite pull owner/repo --include "*.json" --local-dir ./here
              kite chat TheBloke/stablelm-zephyr-3b-GGUF:Q5_K_M
            """
    )

    @Argument(help: ArgumentHelp("The repository, and which of its GGUF files.", valueName: "owner/repo[:type]"))
    var model: String

    @Argument(help: ArgumentHelp("Files of the repository, instead of a model.", valueName: "file"))
    var files: [String] = []

    @Option(help: ArgumentHelp("Files whose names fit, like \"*.json\"; may be repeated.", valueName: "glob"))
    var include: [String] = []

    @Option(help: ArgumentHelp("Leave out files whose names fit; may be repeated.", valueName: "glob"))
    var exclude: [String] = []

    @Option(help: ArgumentHelp("Branch, tag or commit. (default: main)", valueName: "name"))
    var revision: String?

    @Option(help: ArgumentHelp("Put the files into this folder instead of the store.", valueName: "dir"))
    var localDir: String?

    @Option(help: ArgumentHelp("Connections at once, for several files and for parts of one.", valueName: "n"))
    var connections: Int = 8

    @Flag(help: "Write JSON: path, commit, files, bytes.")
    var json = false

    func run() async throws {
        guard (1...64).contains(connections) else {
            throw CLIError.usage("--connections \(connections) is not between 1 and 64")
        }
        let page = ModelReference.file(at: model)
        guard var reference = page?.reference ?? ModelReference(model) else {
            throw CLIError.usage("\(HubError.invalidReference(model))")
        }
        let files = (page.map { [$0.name] } ?? []) + self.files
        if let revision {
            guard let named = ModelReference("\(reference.repository)@\(revision)") else {
                throw CLIError.usage("--revision '\(revision)' cannot be a branch, tag or commit")
            }
            reference.revision = named.revision
        }
        if reference.quantization != nil, !files.isEmpty || !include.isEmpty {
            throw CLIError.usage("a type and files exclude each other: leave out ':\(reference.quantization ?? "")'")
        }
        var settings = try ModelResolver.hub().settings
        settings.connections = connections
        var request = PullRequest(reference)
        (request.files, request.include, request.exclude) = (files, include, exclude)
        request.localFolder = localDir.map(SystemIO.expandingTilde)
        let result = try await ModelResolver.pull(request, from: Hub(settings))
        if json { return try Console.writeJSON(Self.json(result, reference), pretty: SystemIO.isTerminal(1)) }
        let what = result.quantization.map { "\(reference.repository):\($0)" } ?? reference.repository
        let size = "\(Format.plural(result.files.count, "file")), \(Format.bytes(result.bytes))"
        Console.note(
            result.fetchedBytes > 0
                ? "fetched \(what): \(size)" : "\(what) was here already: \(size)", style: .plain)
        Console.writeLine(result.path)
    }

    private static func json(_ result: PullResult, _ reference: ModelReference) -> JSONValue {
        var object = JSONObject()
        object["repository"] = .string(reference.repository)
        object["commit"] = .string(result.commit)
        object["type"] = result.quantization.map(JSONValue.string) ?? .null
        object["path"] = .string(result.path)
        object["files"] = .array(result.files.map(JSONValue.string))
        object["bytes"] = .integer(Int64(result.bytes))
        object["fetched_bytes"] = .integer(Int64(result.fetchedBytes))
        return .object(object)
    }
}
