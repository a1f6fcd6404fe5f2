import ChatTemplates

/// Small enough that no input takes long, large enough to get through loops and macros.
private let limits = ChatTemplate.Limits(
    sourceBytes: 16_384, nesting: 40, recursion: 80, steps: 100_000, outputBytes: 100_000, items: 2000,
    textBytes: 100_000, memoryBytes: 8 << 20)

private let messages: [ChatMessage] = [
    .system("Be brief."), .user("Hello \"you\" {{ x }}\n"), .assistant("Hé ΣΑΣ 👍"), .user(""),
]

private let names: [String: TemplateValue] = [
    "a": 7, "b": -3, "x": 2.5, "big": .int(.max), "low": .int(.min), "nan": .double(.nan), "yes": true, "nil": nil,
    "s": "Hello World", "u": "Grüße, 日本\u{301}\u{2028}", "l": [3, 1, 2], "e": [], "m": ["k": 1, "z": [1, ["y": nil]]],
    "tools": [["name": "f", "parameters": ["p": ["type": "string"]]]],
]

/// libFuzzer's entry: reads the bytes as a template and renders it. Must neither trap nor exceed its limits.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let source = String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    do {
        let template = try ChatTemplate(source: source, limits: limits)
        let text = try template.render(
            messages: messages, addGenerationPrompt: true, bosToken: "<s>", eosToken: "</s>", variables: names)
        guard text.utf8.count <= limits.outputBytes else { fatalError("the result is longer than its limit") }
    } catch {
        guard error.line >= 0, error.line <= source.utf8.count + 1, !error.description.isEmpty else {
            fatalError("an error without place")
        }
    }
    return 0
}
