import ArgumentParser

/// The program `kite`.
@main
struct Main {
    static func main() async {
        Interrupts.watch()
        let line = ArgumentNormalizer(Array(CommandLine.arguments.dropFirst()))
        for note in line.notes { Console.note("kite: note: \(note)") }
        do {
            try UnknownCommand.check(line.command)
            var command = try KiteCommand.parseAsRoot(line.arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            ExitStatus.success.leave()
        } catch {
            Report.leave(with: error, command: line.command)
        }
    }
}
