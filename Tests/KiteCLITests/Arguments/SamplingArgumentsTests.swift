import ArgumentParser
import Kite
import TestSupport
import Testing

@testable import KiteCLI

@Suite struct SamplingArgumentsTests {
    private func options(_ arguments: String...) throws -> GenerationOptions {
        let line = ArgumentNormalizer(["generate"] + arguments)
        let command = try #require(try KiteCommand.parseAsRoot(line.arguments) as? GenerateCommand)
        return try command.sampling.options(escapes: true)
    }

    @Test func everyFlagReachesItsOption() throws {
        let options = try options(
            "--temp", "0.5", "--top-k", "7", "--top-p", "0.9", "--min-p", "0.1", "--typical", "0.8", "--repeat-penalty",
            "1.2", "--repeat-last-n", "32", "--presence-penalty", "0.3", "--frequency-penalty", "0.4", "-s", "42", "-r",
            "a\\n", "--stop", "b", "--ignore-eos", "--special", "-n", "12", "--logit-bias", "5+1.5", "--draft", "lookup"
        )
        #expect(options.sampling.temperature == 0.5)
        #expect(options.sampling.topK == 7)
        #expect(options.sampling.topP == 0.9)
        #expect(options.sampling.minP == 0.1)
        #expect(options.sampling.typicalP == 0.8)
        #expect(options.sampling.repeatPenalty == 1.2)
        #expect(options.sampling.repeatLastN == 32)
        #expect(options.sampling.presencePenalty == 0.3)
        #expect(options.sampling.frequencyPenalty == 0.4)
        #expect(options.sampling.seed == 42)
        #expect(options.sampling.logitBias == [5: 1.5])
        #expect(options.stop == ["a\n", "b"])
        #expect(options.maximumResponseTokens == 12)
        #expect(options.ignoresEndOfGeneration)
        #expect(options.includesSpecialTokens)
        #expect(options.draft == .lookup)
    }

    @Test func grammarsAndSchemas() throws {
        #expect(try options().grammar == nil)
        #expect(try options("--grammar", "root ::= \"a\"").grammar == Grammar(gbnf: "root ::= \"a\""))
        #expect(try options("-j", "{}").grammar == .jsonObject)
        let schema = #"{"type":"integer"}"#
        #expect(try options("--json-schema", schema).grammar == Grammar(jsonSchema: schema))
        try TemporaryFolder.with { folder in
            let file = try folder.write("s", Array(schema.utf8))
            for flag in ["-j", "-jf", "--json-schema-file"] {
                #expect(try options(flag, file).grammar == Grammar(jsonSchema: schema))
            }
            try folder.write("s", Array("root ::= [a-z]".utf8))
            #expect(try options("--grammar-file", file).grammar == Grammar(gbnf: "root ::= [a-z]"))
        }
        #expect(throws: GrammarError.self) { try options("--grammar", "root ::= x") }
        #expect(throws: GrammarError.self) { try options("-j", #"{"not":{}}"#) }
        #expect(throws: (any Error).self) { try options("-j", "no such file") }
        #expect(throws: (any Error).self) { try options("-j", schema, "--grammar", "root ::= x") }
    }

    @Test func aNegativeSeedIsARandomOne() throws {
        #expect(try options("--seed", "-1").sampling.seed == nil)
        #expect(try options("--seed", "18446744073709551615").sampling.seed == .max)
    }

    @Test(
        arguments: [
            ("29871+1.5", 29871, 1.5), ("7-1", 7, -1), ("2-inf", 2, -Float.infinity), ("0+0", 0, 0),
        ] as [(String, TokenID, Float)])
    func readsBiases(_ text: String, _ id: TokenID, _ bias: Float) throws {
        let parsed = try #require(SamplingArguments.parseBias(text))
        #expect(parsed == (id, bias))
    }

    @Test(arguments: ["", "5", "+1", "x+1", "5+", "5+nan", "5--1", "5+1.5x", "-3+1"])
    func refusesWhatIsNoBias(_ text: String) {
        #expect(SamplingArguments.parseBias(text) == nil)
    }

    @Test(arguments: [["-n", "-5"], ["--logit-bias", "5"]])
    func refusesOptionsThatMakeNoSense(_ arguments: [String]) throws {
        let line = ArgumentNormalizer(["generate"] + arguments)
        let command = try #require(try KiteCommand.parseAsRoot(line.arguments) as? GenerateCommand)
        #expect(throws: CLIError.self) { try command.sampling.options(escapes: true) }
    }
}
