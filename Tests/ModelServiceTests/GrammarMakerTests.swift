import Kite
import ModelFiles
import Testing

@testable import ModelService

@Suite(.timeLimit(.minutes(1))) struct GrammarMakerTests {
    private func tools(_ count: Int, _ parameters: JSONValue) -> JSONValue {
        .array(
            (0..<count).map { index in
                ["type": "function", "function": ["name": .string("f\(index)"), "parameters": parameters]]
            })
    }

    /// Tools of which each is just small enough are too large together, and found to be so before all were compiled.
    @Test(arguments: ["auto", "required"]) func limitsHoldForAllToolsOfARequest(choice: String) async throws {
        func make(_ parameters: JSONValue) async throws -> Grammar? {
            var body = JSONObject()
            body["tools"] = tools(128, parameters)
            body["tool_choice"] = .string(choice)
            return try await GrammarMaker().make(.text, ToolUse(RequestFields(body)))
        }
        let pattern = "^[^a]{9000}[^b]{9000}[^c]{9000}$"
        let error = await #expect(throws: ServiceError.self) {
            try await make(["type": "object", "properties": ["x": ["type": "string", "pattern": .string(pattern)]]])
        }
        #expect(error?.code == "invalid_grammar")
        #expect(error?.param?.hasPrefix("tools[") == true)
        #expect(error?.message.contains("too large") == true)
        #expect(try await make(["type": "object", "properties": ["x": ["type": "integer"]]]) != nil)
    }

    @Test func aSchemaThatNothingSatisfiesIsNamed() async throws {
        let fixture = try await ServiceFixture()
        let impossible: JSONValue = ["type": "object", "properties": ["x": false], "required": ["x"]]
        let error = try await fixture.error(
            "/v1/chat/completions", Ask.chat.adding(["tools": tools(2, impossible)]))
        #expect(error["param"] == "tools[0].function.parameters")
    }

    @Test func grammarsAreMadeInTurn() async throws {
        let maker = GrammarMaker()
        try await withThrowingTaskGroup(of: (Int, Grammar?).self) { group in
            for number in 0..<12 {
                group.addTask { (number, try await maker.make(.grammar("root ::= \"\(number)\""))) }
            }
            for try await (number, grammar) in group {
                #expect(try grammar == Grammar(gbnf: "root ::= \"\(number)\""))
            }
        }
        #expect(try await maker.make(.text) == nil)
        #expect(try await maker.make(.jsonObject) == .jsonObject)
        await #expect(throws: ServiceError.self) { try await maker.make(.grammar("root ::= (")) }
    }

    @Test func whoHasLeftIsNotWorkedFor() async throws {
        let maker = GrammarMaker()
        let left = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await maker.make(.grammar("root ::= \"a\""))
        }
        await #expect(throws: CancellationError.self) { try await left.value }
        #expect(try await maker.make(.grammar("root ::= \"a\"")) != nil)
    }
}
