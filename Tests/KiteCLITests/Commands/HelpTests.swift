import ArgumentParser
import Testing

@testable import KiteCLI

@Suite struct HelpTests {
    private static let commands = KiteCommand.configuration.subcommands

    @Test func theRootNamesEveryCommand() {
        let help = KiteCommand.helpMessage(columns: 80)
        for command in Self.commands {
            let name = command.configuration.commandName ?? "?"
            // Other names of the same command stand behind the first.
            #expect(help.contains("  \(name) ") || help.contains("  \(name), "), "\(name)")
            #expect(command.configuration.abstract != "")
        }
    }

    @Test func everyCommandHasExamples() {
        for command in [KiteCommand.self] + Self.commands {
            let name = command.configuration.commandName ?? "?"
            #expect(command.configuration.discussion.contains("Examples:\n"), "\(name)")
            #expect(command.configuration.discussion.contains("  kite "), "\(name)")
        }
    }

    @Test func helpFitsEightyColumns() {
        for command in [KiteCommand.self] + Self.commands {
            for line in KiteCommand.helpMessage(for: command, columns: 80).split(separator: "\n") {
                #expect(line.count <= 80, "\(line)")
            }
            // Examples are not wrapped: a broken line cannot be copied.
            for line in command.configuration.discussion.split(separator: "\n") where line.hasPrefix("  kite") {
                #expect(line.count <= 80, "\(line)")
            }
        }
    }

    @Test(
        arguments: [
            (
                "generate",
                [
                    "-m, --model", "-p, --prompt", "-f, --file", "-n, --n-predict", "-c, --ctx-size", "-t, --threads",
                    "--temp", "--top-k", "--top-p", "--min-p", "--repeat-penalty", "-s, --seed", "-e, --escape",
                    "--json",
                ]
            ),
            ("chat", ["-m, --model", "-p, --prompt", "--chat-template", "--system", "--no-history", "--lines"]),
            ("tokenize", ["-m, --model", "--ids", "--json", "--jsonl", "--no-special", "--bos", "--decode"]),
            ("show", ["-m, --model", "--json", "--tensors", "--ctx"]),
            ("convert", ["-o, --output", "--type", "--lora", "--split-max-size", "--merge", "--force"]),
            ("perplexity", ["-f, --file", "-c, --ctx-size", "--chunks", "--ppl-stride", "--kl", "--save-all-logits"]),
            ("pull", ["--include", "--exclude", "--revision", "--local-dir", "--json"]), ("list", ["--json"]),
            ("rm", ["--dry-run"]),
            (
                "quantize",
                [
                    "--rules", "--pure", "--tensor-type", "--output-tensor-type", "--token-embedding-type",
                    "--leave-output-tensor", "--imatrix", "--allow-requantize", "--keep-split", "--dry-run",
                    "--preset", "--json", "-t, --threads",
                ]
            ),
            ("imatrix", ["-m, --model", "-f, --file", "-o, --output", "--chunks", "-c, --ctx-size"]),
            ("bench", ["--preset", "--type", "-p, --n-prompt", "-n, --n-gen", "-r, --repetitions", "--json"]),
        ] as [(String, [String])])
    func offersTheOptionsPeopleKnow(_ name: String, _ options: [String]) throws {
        let command = try #require(Self.commands.first { $0.configuration.commandName == name })
        let help = KiteCommand.helpMessage(for: command, columns: 80)
        for option in options { #expect(help.contains(option), "\(option)") }
    }

    #if Server
    @Test func serveOffersTheOptionsPeopleKnow() {
        let help = KiteCommand.helpMessage(for: ServeCommand.self, columns: 80)
        for option in [
            "-m, --model", "--host", "--port", "--api-key", "--api-key-file", "--api-prefix", "--cors-origin",
            "--max-body",
            "--timeout", "--parallel", "--queue", "--kv-memory", "--alias", "--lora", "--guard-rules", "--guard-model",
            "--log-prompts", "--log-format", "--no-page", "-c, --ctx-size", "-t, --threads",
        ] {
            #expect(help.contains(option), "\(option)")
        }
    }

    @Test func servesSpellingsOfLlamaServer() throws {
        let line = ArgumentNormalizer([
            "serve", "-m", "a.gguf", "-np", "4", "-a", "x", "-to", "60", "--api_key", "k", "-n", "9",
        ])
        let command = try #require(try KiteCommand.parseAsRoot(line.arguments) as? ServeCommand)
        #expect(command.limits.parallel == 4)
        #expect(command.limits.timeout == 60)
        #expect(command.limits.maxTokens == 9)
        #expect(command.access.apiKey == ["k"])
    }
    #endif

    private static let lines: [([String], Int32)] = [
        (["--version"], 0), (["generate", "--no-such"], 2),
        (["generate", "-n", "many"], 2), (["bench", "-p"], 2), (["chat", "a", "b"], 2), (["convert", "x"], 2),
        (["generate", "-p", "x", "-f", "y"], 2), (["generate", "--json", "--stream-json", "-p", "x"], 2),
        (["tokenize", "--jsonl", "--ids"], 2), (["generate", "-p", "x", "-sys", "y"], 2),
        (["chat", "-e", "--no-escape"], 2), (["pull"], 2), (["rm"], 2), (["list", "x"], 2),
    ]

    @Test(arguments: lines)
    func wrongUsageExitsWithTwo(_ arguments: [String], _ status: Int32) {
        let line = ArgumentNormalizer(arguments)
        do {
            _ = try KiteCommand.parseAsRoot(line.arguments)
            Issue.record("parsed")
        } catch {
            let outcome = Report.outcome(of: error, command: line.command)
            #expect(outcome.status.rawValue == status, "\(outcome.text)")
            #expect(status == 0 || !outcome.text.contains("\n"))
        }
    }

    @Test(arguments: [
        ("genrate", "there is no command 'genrate'; did you mean 'generate'?"),
        ("xyzzy", "there is no command 'xyzzy'"),
        ("m.gguf", "'m.gguf' is no command; to talk with this model: kite chat m.gguf"),
    ])
    func unknownCommandsGetAHint(_ word: String, _ text: String) {
        let error = #expect(throws: CLIError.self) { try UnknownCommand.check(word) }
        #expect(error?.description == text)
        #expect(error?.status == .usage)
    }
}
