import ArgumentParser

/// `kite`, the root of all commands.
struct KiteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kite",
        abstract: "Chat with StableLM and Zephyr models on your own machine.",
        discussion: """
            A MODEL is a GGUF file, a folder with a Hugging Face checkpoint, owner/repo[:type] of the Hugging Face Hub, \
            or nothing: then the small model inside this program answers.

            Examples:
              kite chat
              kite chat stablelm-zephyr-3b.Q4_K_M.gguf
              kite chat TheBloke/stablelm-zephyr-3b-GGUF:Q4_K_M
              kite generate -m zephyr-7b-beta.Q5_K_M.gguf -p "List 3 colours" -n 64
              kite serve stablelm-zephyr-3b.Q4_K_M.gguf
              cat notes.txt | kite generate -m model.gguf -f - > answer.txt

            Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
            """,
        version: "kite \(Version.current)",
        subcommands: commands
    )

    private static let commands: [any ParsableCommand.Type] = {
        var commands: [any ParsableCommand.Type] = [ChatCommand.self, GenerateCommand.self]
        #if Server
        commands.append(ServeCommand.self)
        #endif
        commands += [
            TokenizeCommand.self, ShowCommand.self, ConvertCommand.self, BenchCommand.self, PerplexityCommand.self,
            PullCommand.self, ListCommand.self, RemoveCommand.self, QuantizeCommand.self, ImatrixCommand.self,
        ]
        return commands
    }()
}

/// The version of the program.
enum Version {
    static let current = "0.1.0"
}
