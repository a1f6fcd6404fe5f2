import Kite
import ModelFiles
import Testing

@testable import ModelService

struct FormatTests {
    private let schema: JSONValue = [
        "type": "object",
        "properties": [
            "name": ["type": "string", "maxLength": 8], "age": ["type": "integer", "minimum": 0, "maximum": 99],
        ],
        "required": ["name", "age"], "additionalProperties": false,
    ]

    @Test(arguments: 0..<4)
    func answersKeepToTheirSchema(seed: Int) async throws {
        let fixture = try await ServiceFixture()
        let formats: [JSONValue] = [
            [
                "response_format": [
                    "type": "json_schema", "json_schema": ["name": "p", "strict": true, "schema": schema],
                ]
            ],
            ["response_format": ["type": "json_object", "schema": schema]], ["json_schema": schema],
        ]
        for format in formats {
            let more = format.adding(["temperature": 1.5, "seed": .integer(Int64(seed)), "max_tokens": 200])
            for path in ["/v1/chat/completions", "/v1/completions"] {
                let base = path == "/v1/completions" ? Ask.completion : Ask.chat
                let choice = try #require(try await fixture.post(path, base.adding(more))["choices"]?[0])
                #expect(choice["finish_reason"] == "stop")
                let text = try #require(choice["message"]?["content"]?.text ?? choice["text"]?.text)
                let value = try JSONValue(parsing: text)
                #expect((0...99).contains(value["age"]?.int ?? -1))
                #expect((value["name"]?.text?.unicodeScalars.count ?? 99) <= 8)
            }
        }
    }

    @Test func grammars() async throws {
        let fixture = try await ServiceFixture()
        let reply = try await fixture.post(
            "/v1/chat/completions", Ask.chat.adding(["grammar": "root ::= \"yes\" | \"no\"", "max_tokens": 20]))
        #expect(["yes", "no"].contains(reply["choices"]?[0]?["message"]?["content"]?.text))
        #expect(reply["choices"]?[0]?["finish_reason"] == "stop")
        let object = try await fixture.post(
            "/v1/completions",
            Ask.completion.adding(["response_format": ["type": "json_object"], "max_tokens": 64]))
        #expect(object["choices"]?[0]?["text"]?.text?.hasPrefix("{") == true)
    }

    @Test func formatsBesideTools() async throws {
        let fixture = try await ServiceFixture()
        let reply = try await fixture.post(
            "/v1/chat/completions",
            Ask.chat.adding([
                "tools": [["type": "function", "function": ["name": "f"]]],
                "response_format": ["type": "json_schema", "json_schema": ["schema": schema]], "max_tokens": 200,
            ]))
        let message = try #require(reply["choices"]?[0]?["message"])
        if message["tool_calls"] == nil {
            #expect(try JSONValue(parsing: try #require(message["content"]?.text))["age"]?.int != nil)
        }
    }
}
