internal import Kite
internal import ModelFiles

/// Writes plain completions while they are made.
struct CompletionStream: StreamedReply {
    private let job: CompletionJob
    let record: RequestRecord
    var events: StreamedEvents?
    private var choices: [CompletionChoice]
    private(set) var usage = RequestUsage()
    /// `data: {"id": …, …, "choices":[`.
    private let head: [UInt8]
    private let tail: [UInt8]

    init(_ job: CompletionJob, guards: GuardSet, events: StreamedEvents, record: RequestRecord) {
        self.job = job
        self.record = record
        self.events = events
        choices = job.prompts.indices.flatMap { prompt in
            (0..<job.choices).map { _ in CompletionChoice(job, prompt: prompt, guards: guards) }
        }
        var writer = JSONWriter()
        writer.beginObject()
        job.identity.write("text_completion", &writer)
        head = Array("data: ".utf8) + writer.bytes + Array(",\"choices\":[".utf8)
        tail = Array((job.streaming.includesUsage ? "],\"usage\":null}\n\n" : "]}\n\n").utf8)
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
        case .delta(let choice, let text, _, let logprobs):
            let index = prompt * job.choices + choice
            return write(index, try await choices[index].append(text, logprobs))
        case .finished(let choice, let response):
            if job.failsLate, response.finishReason == .deadline { throw ServiceError.late }
            usage.add(response, isPromptOnly: job.prompts[prompt].judged != nil)
            let index = prompt * job.choices + choice
            return write(index, try await choices[index].finish(response))
        }
    }

    private func write(_ index: Int, _ update: CompletionChoice.Update) -> [UInt8] {
        guard !update.isEmpty else { return [] }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(head.count + 192)
        bytes += head
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
        bytes += Array(#","finish_reason":"#.utf8)
        if let reason = update.finishReason {
            JSONWriter.quote(reason, into: &bytes)
        } else {
            bytes += Array("null".utf8)
        }
        bytes.append(0x7D)
        return bytes + tail
    }

    func usageEvent() -> [UInt8] {
        guard job.streaming.includesUsage else { return [] }
        var writer = JSONWriter()
        writer.beginObject()
        usage.writeUsage(&writer)
        usage.writeTimings(&writer)
        writer.endObject()
        return head + [0x5D, 0x2C] + writer.bytes.dropFirst() + [0x0A, 0x0A]
    }
}
