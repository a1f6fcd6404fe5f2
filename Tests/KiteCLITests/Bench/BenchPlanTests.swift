import Kite
import KiteTools
import Testing

@testable import KiteCLI

@Suite struct BenchPlanTests {
    private static func plan(
        prompt: String = "512", generated: String = "64", depth: String = "0", sequences: String = "1",
        threads: String? = "2", repetitions: Int = 5
    ) throws -> BenchPlan {
        try BenchPlan(
            prompt: prompt, generated: generated, depth: depth, sequences: sequences, threads: threads,
            repetitions: repetitions)
    }

    @Test func everyCombinationIsMeasured() throws {
        let plan = try Self.plan(prompt: "0,16,32", generated: "4", depth: "0,8", sequences: "1,2", threads: "1,2")
        #expect(plan.threads == [1, 2])
        #expect(
            plan.tests.map(\.name) == [
                "pp16", "pp32", "tg4", "tg4 x2", "pp16 @ d8", "pp32 @ d8", "tg4 @ d8", "tg4 x2 @ d8",
            ])
    }

    @Test func threadsDefaultToWhatTheMachineGrants() throws {
        #expect(try Self.plan(threads: nil).threads == [ThreadPool.defaultThreadCount])
    }

    @Test(arguments: ["", "1,", "a", "-1", "1.5", "1 2", "99999999999999999999", "1048577"])
    func listsThatAreNoneAreRefused(_ text: String) {
        #expect(throws: CLIError.self) { try BenchPlan.numbers(text, "--n-prompt") }
    }

    @Test func valuesOutOfRangeAreRefused() {
        #expect(throws: CLIError.self) { try Self.plan(sequences: "0") }
        #expect(throws: CLIError.self) { try Self.plan(sequences: "513") }
        #expect(throws: CLIError.self) { try Self.plan(threads: "0") }
        #expect(throws: CLIError.self) { try Self.plan(repetitions: 0) }
        #expect(throws: CLIError.self) { try Self.plan(prompt: "0", generated: "0") }
        let error = #expect(throws: CLIError.self) { try Self.plan(depth: "x") }
        #expect(error?.status == .usage)
        #expect(error?.description.contains("--n-depth 'x'") == true)
    }
}
