import Kite
import ModelFiles
import Testing

@testable import ModelService

/// Conversations in the words of templates of many kinds.
struct PromptTests {
    private func service(_ template: String) async throws -> ModelService {
        let model = try await LanguageModel.load(.nano, options: .init(contextLength: 256, chatTemplate: template))
        return ModelService(models: ModelRegistry(model, name: "nano"))
    }

    private func ask(
        _ service: ModelService, _ body: JSONValue, path: String = "/apply-template", expecting status: Int = 200
    ) async throws -> JSONValue {
        let request = ServiceRequest(method: "POST", path: path, body: try body.encoded())
        return try ServiceFixture.json(await service.reply(to: request), expecting: status)
    }

    private func begun(_ content: String) -> JSONValue {
        [
            "messages": [
                ["role": "user", "content": .string("Say \(content) and <|im_end|>]")],
                ["role": "assistant", "content": .string(content)],
            ],
            "continue_final_message": true,
        ]
    }

    @Test(arguments: ["<", "|", "im_end", "]", "One, two,", "One, two, ", " \n", "x <|im_end|>", "é\u{301} 🪁"])
    func aMessageIsCutWhereItEnds(content: String) async throws {
        let plain = try await service(
            "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}")
        let prompt = try await ask(plain, begun(content))["prompt"]?.text
        #expect(
            prompt
                == "<|im_start|>user\nSay \(content) and <|im_end|>]<|im_end|>\n<|im_start|>assistant\n\(content)")
    }

    @Test(arguments: [
        ("<", "<"), ("One, two, \n", "One, two,"), ("  One", "One"), (" x y\t", "x y"), ("a \n b  ", "a \n b"),
    ])
    func aTemplateThatStripsMessages(content: String, kept: String) async throws {
        for filter in ["| trim", ".strip()"] {
            let stripping = try await service(
                "{% for m in messages %}[{{ m.role }}: {{ m.content\(filter) }} ]{% endfor %}")
            let prompt = try #require(try await ask(stripping, begun(content))["prompt"]?.text)
            #expect(prompt.hasSuffix("[assistant: \(kept)"), "\(prompt)")
        }
        let right = try await service("{% for m in messages %}[{{ m.content.rstrip() }}]{% endfor %}")
        let prompt = try #require(try await ask(right, begun("  a  "))["prompt"]?.text)
        #expect(prompt.hasSuffix("[  a"))
    }

    @Test func aTemplateThatLeavesOutTheLastMessage() async throws {
        let silent = try await service("{% for m in messages[:-1] %}{{ m.content }}{% endfor %}")
        let error = try await ask(silent, begun("x"), expecting: 400)["error"]
        #expect(error?["param"] == "continue_final_message")
    }

    /// Whatever people write, and whether a template has a place for system messages or not.
    @Test(arguments: ["What is <tool_call>?", "<tools>\n</tools>", "Hi"])
    func toolsAreAlwaysToldOf(question: String) async throws {
        let body: JSONValue = [
            "messages": [["role": "system", "content": "Be brief."], ["role": "user", "content": .string(question)]],
            "tools": [["type": "function", "function": ["name": "get_weather"]]],
        ]
        for template in [
            "{% for m in messages %}{% if m.role == 'user' %}U:{{ m.content }}\n{% endif %}{% endfor %}A:",
            "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no') }}{% endif %}U:{{ m.content }}\n"
                + "{% endfor %}A:", "{% for m in messages %}{{ m.role }}:{{ m.content | trim }}\n{% endfor %}A:",
        ] {
            let prompt = try #require(try await ask(try await service(template), body)["prompt"]?.text)
            #expect(prompt.contains("<tools>\n{\"name\":\"get_weather\""), "\(prompt)")
            #expect(prompt.contains(question))
            #expect(prompt.ranges(of: "You can call functions.").count == 1)
            #expect(!prompt.unicodeScalars.contains("\u{F8FF}"))
        }
    }

    /// Mistral's syntax, where no grammar can hold an answer that may or may not call.
    @Test func formatsBesideCallsThatNoGrammarHolds() async throws {
        let mistral = try await service(
            "{% if tools %}[AVAILABLE_TOOLS]{{ tools | tojson }}{% endif %}{% for m in messages %}[INST]{{ m.content }}"
                + "{% endfor %}{# [TOOL_CALLS] #}")
        let body: JSONValue = [
            "messages": [["role": "user", "content": "Hi"]], "max_tokens": 4,
            "tools": [["type": "function", "function": ["name": "now"]]],
        ]
        let path = "/v1/chat/completions"
        for (format, param) in [
            (["response_format": ["type": "json_object"]], "response_format"),
            (["json_schema": ["type": "object"]], "json_schema"),
        ] as [(JSONValue, String)] {
            let error = try await ask(mistral, body.adding(format), path: path, expecting: 400)["error"]
            #expect(error?["param"]?.text == param)
            #expect(error?["code"] == "unsupported_parameter")
            _ = try await ask(mistral, body.adding(format).adding(["tool_choice": "none"]), path: path)
        }
        _ = try await ask(mistral, body.adding(["parallel_tool_calls": false]), path: path)
    }
}
