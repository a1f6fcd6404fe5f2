internal import Kite
internal import ModelFiles

/// Gathers a whole chat completion.
struct ChatCollector: Sendable {
    private struct Choice: Sendable {
        var assembler: ChoiceAssembler
        var content = ""
        var calls: [ToolCall] = []
        var refusal: String?
        var logprobs: [TokenLogprob] = []

        mutating func add(_ update: ChoiceAssembler.Update) {
            for piece in update.pieces {
                switch piece {
                case .content(let text): content += text
                case .call(_, let id, let name): calls.append(ToolCall(id: id, name: name, arguments: ""))
                case .arguments(let index, let text): calls[index].arguments += text
                }
            }
            logprobs += update.logprobs
            refusal = update.refusal ?? refusal
        }
    }

    private let job: ChatJob
    private var choices: [Choice]
    private(set) var usage = RequestUsage()

    init(_ job: ChatJob, guards: GuardSet) {
        self.job = job
        choices = (0..<job.request.choices).map { _ in
            Choice(
                assembler: ChoiceAssembler(
                    guards.guardedText(prompt: job.conversation, continuing: job.continued), parser: job.parser))
        }
    }

    /// Why each choice ended; nil for those that go on.
    var endings: [String?] { choices.map(\.assembler.finishReason) }
    /// Whether no choice can grow any more.
    var isComplete: Bool { choices.allSatisfy { $0.assembler.finishReason != nil } }

    /// Takes an event.
    mutating func take(_ event: GenerationEvent) async throws {
        switch event {
        case .prompt(let cachedTokens, _):
            usage.addPrompt(tokens: job.request.prompt.count, cached: cachedTokens)
        case .delta(let index, let text, let tokens, let logprobs):
            usage.grow(choice: index, by: tokens.count)
            choices[index].add(try await choices[index].assembler.append(text, logprobs))
        case .finished(let index, let response):
            if job.failsLate, response.finishReason == .deadline { throw ServiceError.late }
            usage.add(response, choice: index)
            choices[index].add(try await choices[index].assembler.finish(response.finishReason))
        }
    }

    /// The body of the reply.
    func body() -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        job.identity.write("chat.completion", &writer)
        writer.key("choices")
        writer.beginArray()
        for (index, choice) in choices.enumerated() { write(choice, index, &writer) }
        writer.endArray()
        usage.writeUsage(&writer)
        usage.writeTimings(&writer)
        writer.endObject()
        return writer.bytes
    }

    private func write(_ choice: Choice, _ index: Int, _ writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("index", index)
        writer.key("message")
        writer.beginObject()
        writer.member("role", "assistant")
        // Nothing said beside a call or a refusal is null, not an empty text.
        let isSilent = choice.content.isEmpty && (!choice.calls.isEmpty || choice.refusal != nil)
        writer.member("content", isSilent ? nil : choice.content)
        writer.member("refusal", choice.refusal)
        if !choice.calls.isEmpty {
            writer.key("tool_calls")
            writer.beginArray()
            for call in choice.calls {
                writer.beginObject()
                writer.member("id", call.id)
                writer.member("type", "function")
                writer.key("function")
                writer.beginObject()
                writer.member("name", call.name)
                writer.member("arguments", call.arguments)
                writer.endObject()
                writer.endObject()
            }
            writer.endArray()
        }
        writer.endObject()
        writer.key("logprobs")
        if job.tellsLogprobs { ChatLogprobs.write(choice.logprobs, &writer) } else { writer.null() }
        writer.member("finish_reason", choice.assembler.finishReason ?? "length")
        writer.endObject()
    }
}
