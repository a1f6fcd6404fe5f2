import ModelFiles
import Testing

@testable import ModelService

struct ToolParserTests {
    /// What a parser makes of `text`, given in pieces of `size` characters: content, and calls with their arguments.
    private func parse(_ text: String, _ syntax: ToolSyntax, size: Int, isOpened: Bool = false)
        -> (content: String, calls: [ToolCall])
    {
        var parser = ToolCallParser(syntax, isOpened: isOpened)
        var pieces: [ToolCallParser.Piece] = []
        var rest = text[...]
        while !rest.isEmpty {
            pieces += parser.append(String(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        pieces += parser.finish()
        var content = ""
        var calls: [ToolCall] = []
        for piece in pieces {
            switch piece {
            case .content(let text): content += text
            case .call(let index, let id, let name):
                #expect(index == calls.count)
                calls.append(ToolCall(id: id, name: name, arguments: ""))
            case .arguments(let index, let text): calls[index].arguments += text
            }
        }
        return (content, calls)
    }

    @Test(arguments: [1, 2, 3, 7, 1000])
    func taggedCalls(size: Int) {
        let text = """
            Let me look.
            <tool_call>
            {"name": "weather", "arguments": {"city": "Zürich } \\" {", "days": [1, 2]}}
            </tool_call>
            <tool_call>
            {"name": "now", "arguments": {}}
            </tool_call>
            """
        let (content, calls) = parse(text, .tagged, size: size)
        #expect(content == "Let me look.\n")
        #expect(calls.map(\.name) == ["weather", "now"])
        #expect(calls[0].arguments == #"{"city": "Zürich } \" {", "days": [1, 2]}"#)
        #expect(calls[1].arguments == "{}")
        #expect(Set(calls.map(\.id)).count == 2)
    }

    @Test(arguments: [1, 5, 1000])
    func listOfCalls(size: Int) {
        let text = #"[TOOL_CALLS] [{"name": "a", "arguments": {"x": 1}}, {"name": "b", "arguments": {"y": {}}}]"#
        let (content, calls) = parse(text, .list, size: size)
        #expect(content.isEmpty)
        #expect(calls.map(\.name) == ["a", "b"])
        #expect(calls.map(\.arguments) == [#"{"x": 1}"#, #"{"y": {}}"#])
        #expect(calls.allSatisfy { $0.id.utf8.count == 9 })
    }

    @Test(arguments: [1, 5, 1000])
    func noMoreCallsThanWanted(size: Int) async throws {
        let text = #"[TOOL_CALLS] [{"name": "a", "arguments": {"x": 1}}, {"name": "b", "arguments": {"y": {}}}]"#
        var assembler = ChoiceAssembler(
            GuardSet([]).guardedText(prompt: []), parser: ToolCallParser(.list, mostCalls: 1))
        var rest = text[...]
        var pieces: [ToolCallParser.Piece] = []
        while !rest.isEmpty, assembler.finishReason == nil {
            pieces += try await assembler.append(String(rest.prefix(size)), []).pieces
            rest = rest.dropFirst(size)
        }
        #expect(assembler.finishReason == "tool_calls")
        let names = pieces.compactMap { if case .call(_, _, let name) = $0 { name } else { nil } }
        #expect(names == ["a"])
        let arguments = pieces.compactMap { if case .arguments(_, let text) = $0 { text } else { nil } }
        #expect(arguments.joined() == #"{"x": 1}"#)
        // The model was not let go on.
        if size < text.count { #expect(!rest.isEmpty) }
    }

    @Test(arguments: [1, 1000])
    func otherShapesOfObjects(size: Int) {
        // Arguments before the name, as a string of JSON, under another name, missing, and members nobody knows.
        for (object, arguments) in [
            (#"{"arguments": {"x": 1}, "name": "f"}"#, #"{"x": 1}"#),
            (#"{"name": "f", "arguments": "{\"x\": \"ü\"}"}"#, #"{"x": "ü"}"#),
            (#"{"name": "f", "parameters": {"x": [true]}}"#, #"{"x": [true]}"#),
            (#"{"name": "f"}"#, "{}"),
            (#"{"type":"function","name":"f","id":7,"arguments":{"a":null}}"#, #"{"a":null}"#),
        ] {
            let (content, calls) = parse("<tool_call>\(object)</tool_call>", .tagged, size: size)
            #expect(content.isEmpty)
            #expect(calls.map(\.name) == ["f"], "\(object)")
            #expect(calls.map(\.arguments) == [arguments], "\(object)")
        }
    }

    @Test(arguments: [1, 4, 1000])
    func textThatIsNoCall(size: Int) {
        for text in ["a < b", "<tool", "x<tool_calling>", "<<tool_cal", "  indented", "tool_call", "1 <"] {
            let (content, calls) = parse(text, .tagged, size: size)
            #expect(content == text)
            #expect(calls.isEmpty)
        }
    }

    @Test func openedByThePrompt() {
        let (content, calls) = parse(
            #"{"name": "f", "arguments": {"x": 2}}"# + "\n</tool_call>", .tagged, size: 3, isOpened: true)
        #expect(content.isEmpty)
        #expect(calls.map(\.arguments) == [#"{"x": 2}"#])
    }

    @Test func argumentsArriveWhileTheyAreMade() {
        var parser = ToolCallParser(.tagged)
        #expect(parser.append("<tool_call>\n{\"name\": \"f\"").count == 1)
        #expect(parser.append(", \"arguments\": {\"x").contains(.arguments(index: 0, "{\"x")))
        #expect(parser.append("\": 1}").contains(.arguments(index: 0, "\": 1}")))
        #expect(parser.append("}\n</tool_call>").isEmpty)
        #expect(parser.callCount == 1)
    }

    @Test func styles() {
        #expect(ToolStyle(templateSource: "{{ messages }}") == ToolStyle(syntax: .tagged, isTemplated: false))
        #expect(
            ToolStyle(templateSource: "{% if tools %}<tool_call>") == ToolStyle(syntax: .tagged, isTemplated: true))
        #expect(ToolStyle(templateSource: "{{ tools }}[TOOL_CALLS]") == ToolStyle(syntax: .list, isTemplated: true))
        #expect(ToolStyle(templateSource: "{{ tools }}functools[") == ToolStyle(syntax: .tagged, isTemplated: false))
    }

    @Test func conversationsWithoutRolesForTools() {
        let flat = ToolInstructions.flatten(
            [
                .init(role: "user", content: "Q"),
                .init(
                    role: "assistant", content: "",
                    toolCalls: [
                        .init(id: "1", name: "f", arguments: "{\"x\": 1}"), .init(id: "2", name: "g", arguments: "{}"),
                    ]),
                .init(role: "tool", content: "A", toolCallID: "1"), .init(role: "tool", content: "B", toolCallID: "2"),
                .init(role: "user", content: "And?"), .init(role: "assistant", content: "C"),
            ], .tagged)
        #expect(flat.map(\.role) == ["user", "assistant", "user", "assistant"])
        #expect(
            flat[1].content
                == "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"x\": 1}}\n</tool_call>\n"
                + "<tool_call>\n{\"name\": \"g\", \"arguments\": {}}\n</tool_call>")
        #expect(
            flat[2].content
                == "<tool_response>\nA\n</tool_response>\n<tool_response>\nB\n</tool_response>\nAnd?")
    }
}
