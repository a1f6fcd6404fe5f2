internal import Kite
internal import ModelFiles

/// Gathers a whole reply of plain completions: choice `i` of prompt `p` has the index `p` × choices + `i`.
struct CompletionCollector: Sendable {
    private struct Gathered: Sendable {
        var choice: CompletionChoice
        var text = ""
        var logprobs: CompletionLogprobs?

        mutating func add(_ update: CompletionChoice.Update) {
            text += update.text
            guard let more = update.logprobs else { return }
            if logprobs == nil { logprobs = more } else { logprobs?.add(more) }
        }
    }

    private let job: CompletionJob
    private var choices: [Gathered]
    private(set) var usage = RequestUsage()

    init(_ job: CompletionJob, guards: GuardSet) {
        self.job = job
        choices = job.prompts.indices.flatMap { prompt in
            (0..<job.choices).map { _ in Gathered(choice: CompletionChoice(job, prompt: prompt, guards: guards)) }
        }
    }

    /// Why each choice ended; nil for those that go on.
    var endings: [String?] { choices.map(\.choice.finishReason) }
    /// Whether no choice can grow any more.
    var isComplete: Bool { choices.allSatisfy { $0.choice.finishReason != nil } }

    /// Takes an event.
    mutating func take(_ prompt: Int, _ event: GenerationEvent) async throws {
        switch event {
        case .prompt(let cachedTokens, let logprobs):
            usage.addPrompt(tokens: job.prompts[prompt].tokens.count, cached: cachedTokens)
            for index in prompt * job.choices..<(prompt + 1) * job.choices {
                choices[index].add(choices[index].choice.begin(logprobs, job.model.tokenizer))
            }
        case .delta(let choice, let text, let tokens, let logprobs):
            let index = prompt * job.choices + choice
            if job.prompts[prompt].judged == nil { usage.grow(choice: index, by: tokens.count) }
            choices[index].add(try await choices[index].choice.append(text, logprobs))
        case .finished(let choice, let response):
            if job.failsLate, response.finishReason == .deadline { throw ServiceError.late }
            let index = prompt * job.choices + choice
            usage.add(response, choice: index, isPromptOnly: job.prompts[prompt].judged != nil)
            choices[index].add(try await choices[index].choice.finish(response))
        }
    }

    /// The body of the reply.
    func body() -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        job.identity.write("text_completion", &writer)
        writer.key("choices")
        writer.beginArray()
        for (index, gathered) in choices.enumerated() {
            writer.beginObject()
            writer.member("text", gathered.text)
            writer.member("index", index)
            writer.key("logprobs")
            if let logprobs = gathered.logprobs { logprobs.write(&writer) } else { writer.null() }
            writer.member("finish_reason", gathered.choice.finishReason ?? "length")
            writer.endObject()
        }
        writer.endArray()
        usage.writeUsage(&writer)
        usage.writeTimings(&writer)
        writer.endObject()
        return writer.bytes
    }
}
