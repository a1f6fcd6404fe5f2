internal import Kite
internal import ModelFiles

/// Writes plain completions while they are made.
struct CompletionStream {
    private let job: CompletionJob
    private let record: RequestRecord
    private var reader: EventReader?
    private var first: FirstEvent?
    private var choices: [CompletionChoice]
    private var usage = RequestUsage()
    /// `data: {"id": …, …, "choices":[`.
    private let head: [UInt8]
    private let tail: [UInt8]

    init(_ job: CompletionJob, guards: GuardSet, reader: EventReader, first: FirstEvent, record: RequestRecord) {
        self.job = job
        self.record = record
        self.reader = reader
        self.first = first
        choices = job.prompts.indices.flatMap { prompt in
            (0..<job.choices).map { _ in CompletionChoice(job, prompt: prompt, guards: guards) }
        }
        var writer = JSONWriter()
        writer.beginObject()
        job.identity.write("text_completion", &writer)
        head = Array("data: ".utf8) + writer.bytes + Array(",\"choices\":[".utf8)
        tail = Array((job.streaming.includesUsage ? "],\"usage\":null}\n\n" : "]}\n\n").utf8)
    }

    /// The next bytes; nil at the end.
    mutating func next() async -> [UInt8]? {
        guard let reader else { return nil }
        do {
            while true {
                let item: FirstEvent.Item?
                if let first {
                    item = try await first.value()
                    self.first = nil
                } else {
                    item = try await reader.next()
                }
                guard let item else { return end() }
                let bytes = try await take(item.prompt, item.event)
                if choices.allSatisfy({ $0.finishReason == "content_filter" }) { return bytes + (end() ?? []) }
                if !bytes.isEmpty { return bytes }
            }
        } catch {
            let error = ServiceError(error)
            close(error: error.message)
            return ServerSentEvents.error(error) + ServerSentEvents.done
        }
    }

    private mutating func take(_ prompt: Int, _ event: GenerationEvent) async throws -> [UInt8] {
        switch event {
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

    private mutating func end() -> [UInt8]? {
        close(error: nil)
        guard choices.allSatisfy({ $0.finishReason != nil }) else { return nil }
        guard job.streaming.includesUsage else { return ServerSentEvents.done }
        var writer = JSONWriter()
        writer.beginObject()
        usage.writeUsage(&writer)
        usage.writeTimings(&writer)
        writer.endObject()
        return head + [0x5D, 0x2C] + writer.bytes.dropFirst() + [0x0A, 0x0A] + ServerSentEvents.done
    }

    private mutating func close(error: String?) {
        reader?.stop()
        reader = nil
        record.note(usage)
        record.note { [reasons = choices.map { $0.finishReason ?? "cancelled" }] in
            $0.finishReasons = reasons
            $0.error = error
        }
        record.finish()
    }
}
