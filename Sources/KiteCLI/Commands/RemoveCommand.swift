import ArgumentParser
import KiteHub

/// `kite rm`: takes models out of the store.
struct RemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Remove models that were fetched.",
        usage: "kite rm [--dry-run] <owner/repo[:type]> ...",
        discussion: """
            owner/repo:type removes that model in every version that is here; contents that something else in the \
            repository uses stay. owner/repo removes all of the repository, downloads that were interrupted too. \
            Hugging Face's tools share the store: the models are gone for them as well.

            Examples:
              kite rm TheBloke/stablelm-zephyr-3b-GGUF:Q4_K_M
              kite rm owner/repo --dry-run
            """,
        aliases: ["remove"]
    )

    @Argument(help: ArgumentHelp("What 'kite list' calls it.", valueName: "owner/repo[:type]"))
    var models: [String]

    @Flag(help: "Only tell what would go.")
    var dryRun = false

    func run() async throws {
        let store = try ModelResolver.hub().store
        let references = try models.map { text in
            guard let reference = ModelReference(text) else {
                throw CLIError.usage("\(HubError.invalidReference(text))")
            }
            return reference
        }
        for reference in references {
            let removal = try store.remove(reference, isDryRun: dryRun)
            let what = removal.models.isEmpty ? reference.description : removal.models.joined(separator: ", ")
            Console.note(
                "\(dryRun ? "would remove" : "removed") \(what): \(Format.bytes(removal.bytes))", style: .plain)
        }
    }
}
