internal import Kite
internal import ModelFiles

/// Writes plain completions while they are made.
struct CompletionStream: StreamedReply {
    private let job: CompletionJob
    let record: RequestRecord
    var events: StreamedEvents?
    private var choices: [CompletionChoice]
    private(set) var usage = RequestUsage()
    private let frame: EventFrame

    init(_ job: CompletionJob, guards: GuardSet, events: StreamedEvents, record: RequestRecord) {
        self.job = job
        self.record = record
        self.events = events
        choices = job.prompts.indices.flatMap { prompt in
            (0..<job.choices).map { _ in CompletionChoice(job, prompt: prompt, guards: guards) }
        }
        frame = EventFrame("text_completion", job.identity, includesUsage: job.streaming.includesUsage)
    }

    var isComplete: Bool { choices.allSatisfy { $0.finishReason != nil } }
    var endings: [String?] { choices.map(\.finishReason) }

    mutating func take(_ item: FirstEvent.Item) async throws -> [UInt8] {
        let prompt = item.prompt
        switch item.event {
        case .prompt(let cachedTokens, let logprobs):
            usage.addPrompt(tokens: job.prompts[prompt].tokens.count, cached: cachedTokens)
            record.note(usage)
            var bytes: [UInt8] = []
            for index in prompt * job.choices..<(prompt + 1) * job.choices {
                bytes += write(index, choices[index].begin(logprobs, job.model.tokenizer))
            }
            return bytes
        case .delta(let choice, let text, let tokens, let logprobs):
            let index = prompt * job.choices + choice
            if job.prompts[prompt].judged == nil { usage.grow(choice: index, by: tokens.count) }
            return write(index, try await choices[index].append(text, logprobs))
        case .finished(let choice, let response):
            if job.failsLate, response.finishReason == .deadline { throw ServiceError.late }
            let index = prompt * job.choices + choice
            usage.add(response, choice: index, isPromptOnly: job.prompts[prompt].judged != nil)
            return write(index, try await choices[index].finish(response))
        }
    }

    private func write(_ index: Int, _ update: CompletionChoice.Update) -> [UInt8] {
        guard !update.isEmpty else { return [] }
        return frame.event(finishReason: update.finishReason) { bytes in
            bytes += Array(#"{"text":"#.utf8)
            JSONWriter.quote(update.text, into: &bytes)
            bytes += Array(#","index":\#(index),"logprobs":"#.utf8)
            if let logprobs = update.logprobs, !logprobs.isEmpty {
                var writer = JSONWriter()
                logprobs.write(&writer)
                bytes += writer.bytes
            } else {
                bytes += Array("null".utf8)
            }
        }
    }

    func usageEvent() -> [UInt8] { job.streaming.includesUsage ? frame.usage(usage) : [] }
}
