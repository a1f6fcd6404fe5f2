import ArgumentParser
import Kite
import Testing

@testable import KiteCLI

@Suite struct ArgumentNormalizerTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let input: [String]
        let output: [String]
        var notes = 0
        var testDescription: String { input.joined(separator: " ") }
    }

    static let cases = [
        Case(input: [], output: []),
        Case(input: ["chat", "model.gguf"], output: ["chat", "model.gguf"]),
        Case(input: ["generate", "-p", "-5 degrees"], output: ["generate", "--prompt=-5 degrees"]),
        Case(input: ["generate", "-n", "-1"], output: ["generate", "--n-predict=-1"]),
        Case(input: ["generate", "--repeat_penalty", "1.1"], output: ["generate", "--repeat-penalty=1.1"]),
        Case(input: ["generate", "--top_k=5"], output: ["generate", "--top-k=5"]),
        Case(input: ["generate", "-p", "a=b --top_k"], output: ["generate", "--prompt=a=b --top_k"]),
        Case(input: ["generate", "-ngl", "35", "-ngl", "1"], output: ["generate"], notes: 1),
        Case(input: ["generate", "--n-gpu-layers=35"], output: ["generate"], notes: 1),
        Case(input: ["generate", "-no-cnv", "--simple-io", "--log-disable"], output: ["generate"]),
        Case(input: ["generate", "-fa", "on", "-p", "x"], output: ["generate", "--prompt=x"]),
        Case(input: ["generate", "-fa", "-p", "x"], output: ["generate", "--prompt=x"]),
        Case(input: ["generate", "-b", "512", "-ub", "128"], output: ["generate"]),
        Case(input: ["generate", "-sys", "Be brief."], output: ["generate", "--system=Be brief."]),
        Case(input: ["generate", "-r", "--"], output: ["generate", "--stop=--"]),
        Case(input: ["generate", "-i", "-ins", "-m", "f"], output: ["chat", "--model=f"]),
        Case(input: ["generate", "-cnv"], output: ["chat"]),
        Case(input: ["generate", "--no-mmap"], output: ["generate"], notes: 1),
        Case(input: ["chat", "-cnv", "--mlock"], output: ["chat", "--mlock"]),
        Case(
            input: ["bench", "-p", "512", "-n", "64", "-r", "2"],
            output: ["bench", "--n-prompt=512", "--n-gen=64", "--repetitions=2"]),
        Case(input: ["bench", "-b", "8", "-t", "1,2"], output: ["bench", "--n-seq=8", "--threads=1,2"]),
        Case(
            input: ["convert", "in", "-o", "out", "--outtype", "f16"],
            output: ["convert", "in", "--output=out", "--type=f16"]),
        Case(input: ["tokenize", "--", "-p", "-ngl"], output: ["tokenize", "--", "-p", "-ngl"]),
        Case(input: ["tokenize", "-"], output: ["tokenize", "-"]),
        Case(input: ["generate", "-p"], output: ["generate", "--prompt"]),
        Case(input: ["generate", "--no_such_flag", "-x"], output: ["generate", "--no-such-flag", "-x"]),
        Case(input: ["--version"], output: ["--version"]),
    ]

    @Test(arguments: cases)
    func rewrites(_ line: Case) {
        let normalizer = ArgumentNormalizer(line.input)
        #expect(normalizer.arguments == line.output)
        #expect(normalizer.notes.count == line.notes)
    }

    @Test func theCommandLineOfTheModelCardWorks() throws {
        let line = ArgumentNormalizer([
            "generate", "-ngl", "35", "-m", "FILE", "--color", "-c", "4096", "--temp", "0.7", "--repeat_penalty", "1.1",
            "-n", "-1", "-p", "<|user|>\\n{prompt}<|endoftext|>\\n<|assistant|>",
        ])
        let command = try #require(try KiteCommand.parseAsRoot(line.arguments) as? GenerateCommand)
        #expect(command.prompt == "<|user|>\\n{prompt}<|endoftext|>\\n<|assistant|>")
        #expect(command.model.model == "FILE")
        #expect(command.engine.ctxSize == 4096)
        let options = try command.sampling.options(escapes: true)
        #expect(options.maximumResponseTokens == nil)
        #expect(options.sampling.temperature == 0.7)
        #expect(line.notes == ["no GPU backend yet; running on the CPU (-ngl and the like are ignored)"])
    }

    @Test(arguments: [(["--kv", "int8"], KVCacheType.int8), (["-ctk", "q8_0"], .int8), (["-ctk", "f16"], .f16)])
    func cacheTypesHaveTheNamesOfPeers(arguments: [String], type: KVCacheType) throws {
        let line = ArgumentNormalizer(["generate", "-m", "FILE"] + arguments)
        let command = try #require(try KiteCommand.parseAsRoot(line.arguments) as? GenerateCommand)
        #expect(try command.engine.loadOptions().kvCacheType == type)
    }

    @Test func theInstructionModeOfTheModelCardIsChat() throws {
        let line = ArgumentNormalizer([
            "generate", "-ngl", "35", "-m", "FILE", "--color", "-c", "4096", "--temp", "0.7", "--repeat_penalty", "1.1",
            "-n", "-1", "-i", "-ins",
        ])
        let command = try #require(try KiteCommand.parseAsRoot(line.arguments) as? ChatCommand)
        #expect(command.model.model == "FILE")
        #expect(command.prompt == nil)
    }
}
