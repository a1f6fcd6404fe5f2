import ArgumentParser

/// A first word that is no command.
enum UnknownCommand {
    /// Throws ``CLIError`` with the nearest command, or with what to do with a model's path.
    static func check(_ word: String?) throws {
        let names =
            KiteCommand.configuration.subcommands.flatMap { command in
                (command.configuration.commandName.map { [$0] } ?? []) + command.configuration.aliases
            } + ["help"]
        guard let word, !names.contains(word) else { return }
        if word.hasSuffix(".gguf") || SystemIO.exists(word) {
            throw CLIError.usage("'\(word)' is no command; to talk with this model: kite chat \(word)")
        }
        let near = names.map { ($0, Spelling.distance(word, $0)) }.filter { $0.1 <= 2 }.min { $0.1 < $1.1 }
        let hint = near.map { "; did you mean '\($0.0)'?" } ?? ""
        throw CLIError.usage("there is no command '\(word)'\(hint)")
    }
}
