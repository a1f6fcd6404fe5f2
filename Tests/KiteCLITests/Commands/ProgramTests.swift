import Foundation
import Testing

@testable import KiteCLI

/// The built program, run as a user runs it.
@Suite(.enabled(if: Program.url != nil, "the program `kite` is not beside the tests"))
struct ProgramTests {
    @Test func versionGoesToStandardOutput() throws {
        let result = try Program.run(["--version"])
        #expect(result.status == 0)
        #expect(result.output == "kite \(Version.current)\n")
        #expect(result.errors.isEmpty)
    }

    @Test(arguments: [[], ["--help"], ["help"]])
    func helpIsNoFailure(_ arguments: [String]) throws {
        let result = try Program.run(arguments)
        #expect(result.status == 0)
        #expect(result.output.contains("SUBCOMMANDS"))
        #expect(result.errors.isEmpty)
    }

    @Test(arguments: ["chat", "generate", "tokenize", "show", "convert", "bench", "pull", "list", "rm"])
    func everyCommandHasHelp(_ command: String) throws {
        let result = try Program.run([command, "--help"])
        #expect(result.status == 0)
        #expect(result.output.contains("USAGE: kite \(command) "))
    }

    private static let failures: [([String], Int32)] = [
        (["generate", "--temop", "1"], 2), (["generate", "-m", "/no/such.gguf", "-p", "x"], 1), (["frobnicate"], 2),
        (["chat", "-m", "a", "b"], 2), (["show", "/no/such/folder"], 1), (["chat", "--chat-template", "nonesuch"], 2),
        (["generate", "-p", "x", "--temp", "nan"], 2), (["bench", "-p", "0", "-n", "0"], 2),
    ]

    @Test(arguments: failures)
    func failuresAreOneLineOnStandardError(_ arguments: [String], _ status: Int32) throws {
        let result = try Program.run(arguments, input: "Hi")
        #expect(result.status == status)
        #expect(result.output.isEmpty)
        let lines = result.errors.split(separator: "\n", omittingEmptySubsequences: true)
        #expect(lines.count == 1 && result.errors.hasPrefix("kite: error: "), "\(result.errors)")
    }

    @Test func generateContinuesThePromptOnStandardOutput() throws {
        let prompt = "<|user|>\\nWhat is the capital of Peru?<|endoftext|>\\n<|assistant|>\\n"
        let result = try Program.run(["generate", "-p", prompt, "--temp", "0", "-ngl", "35", "--color", "-n", "-1"])
        #expect(result.status == 0)
        #expect(result.output.contains("Lima"))
        #expect(result.output.hasSuffix("\n"))
        #expect(result.errors.contains("no GPU backend yet"))
    }

    @Test func draftsChangeNothingButTheTime() throws {
        let arguments = ["generate", "-p", "Count", "--ignore-eos", "-n", "80", "--seed", "4"]
        let plain = try Program.run(arguments)
        let drafted = try Program.run(arguments + ["--draft", "lookup"])
        #expect(drafted.output == plain.output && plain.status == 0 && drafted.status == 0)
        let json = try Program.run(arguments + ["--draft", "lookup", "--json"])
        #expect(json.output.contains("\"drafted_tokens\"") && json.output.contains("\"accepted_draft_tokens\""))
        #expect(try Program.run(arguments + ["--draft", "oracle"]).status == 2)
    }

    @Test func contextZeroIsTheModelsOwn() throws {
        let result = try Program.run(["generate", "-c", "0", "-n", "-1", "--ignore-eos", "-p", "x", "--json"])
        #expect(result.status == 0)
        #expect(result.errors.contains("the context of 1,024 tokens is full"))
    }

    @Test func generateReadsStandardInputAndWritesJSON() throws {
        let result = try Program.run(["generate", "--json", "--chat", "-n", "4", "--seed", "7"], input: "Hello")
        #expect(result.status == 0)
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        #expect(object["content"] is String)
        #expect(object["seed"] as? Int == 7)
        #expect((object["usage"] as? [String: Any])?["completion_tokens"] as? Int == 4)
        #expect(object["finish_reason"] as? String == "length")
    }

    @Test func chatAnswersAPipedQuestion() throws {
        let result = try Program.run(["chat", "--temp", "0"], input: "What is the capital of Peru?\n")
        #expect(result.status == 0)
        #expect(result.output.contains("Lima"))
        #expect(result.errors.isEmpty)
    }

    @Test func tokensAndBack() throws {
        let ids = try Program.run(["tokenize", "--ids", "a tiny test"]).output
        #expect(try Program.run(["tokenize", "--decode", ids]).output == "a tiny test\n")
        let lines = try Program.run(["tokenize", "--jsonl"], input: "\"a tiny test\"\n\"\"\n")
        #expect(lines.output == "[\(ids.split(whereSeparator: \.isWhitespace).joined(separator: ","))]\n[]\n")
    }

    @Test func interruptionEndsWithWhatThereIs() throws {
        let result = try Program.run(
            ["generate", "-p", "Once", "-n", "-1", "-c", "65536", "--ignore-eos", "--json"], interruptAfter: 0.7)
        #expect(result.status == 130)
        #expect(result.output.contains("\"finish_reason\":\"cancelled\""))
    }
}

/// Runs the built program.
enum Program {
    struct Result {
        let status: Int32
        let output: String
        let errors: String
    }

    /// Where the program is: in the folder of the test bundle, or of the process that runs it.
    static let url: URL? = {
        let starts = [CommandLine.arguments[0], Bundle.main.executablePath ?? ""] + CommandLine.arguments
        for start in starts where start.contains("/") {
            var folder = URL(filePath: start)
            for _ in 0..<4 {
                folder.deleteLastPathComponent()
                let candidate = folder.appending(path: "kite")
                var isFolder: ObjCBool = false
                if FileManager.default.fileExists(atPath: candidate.path, isDirectory: &isFolder), !isFolder.boolValue {
                    return candidate
                }
            }
        }
        return nil
    }()

    static func run(_ arguments: [String], input: String? = nil, interruptAfter: Double? = nil) throws -> Result {
        let process = Process()
        process.executableURL = url
        process.arguments = arguments
        var environment = ProcessInfo.processInfo.environment
        environment["NO_COLOR"] = "1"
        process.environment = environment
        let (stdin, stdout, stderr) = (Pipe(), Pipe(), Pipe())
        process.standardInput = input == nil ? FileHandle.nullDevice : stdin
        process.standardOutput = stdout
        process.standardError = stderr
        try process.run()
        if let input {
            try? stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
            try? stdin.fileHandleForWriting.close()
        }
        if let interruptAfter {
            Thread.sleep(forTimeInterval: interruptAfter)
            process.interrupt()
        }
        let output = stdout.fileHandleForReading.readDataToEndOfFile()
        let errors = stderr.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus, output: String(decoding: output, as: UTF8.self),
            errors: String(decoding: errors, as: UTF8.self))
    }
}
