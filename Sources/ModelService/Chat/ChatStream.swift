internal import Kite
internal import ModelFiles

/// Writes a chat completion while it is made.
struct ChatStream: StreamedReply {
    private let job: ChatJob
    private let writer: ChatChunkWriter
    let record: RequestRecord
    var events: StreamedEvents?
    private var choices: [ChoiceAssembler]
    private(set) var usage = RequestUsage()

    init(_ job: ChatJob, guards: GuardSet, events: StreamedEvents, record: RequestRecord) {
        self.job = job
        self.record = record
        self.events = events
        writer = ChatChunkWriter(job.identity, includesUsage: job.streaming.includesUsage)
        choices = (0..<job.request.choices).map { _ in
            ChoiceAssembler(guards.guardedText(prompt: job.conversation, continuing: job.continued), parser: job.parser)
        }
    }

    var isComplete: Bool { choices.allSatisfy { $0.finishReason != nil } }
    var endings: [String?] { choices.map(\.finishReason) }

    mutating func take(_ item: FirstEvent.Item) async throws -> [UInt8] {
        switch item.event {
        case .prompt(let cachedTokens, _):
            usage.addPrompt(tokens: job.request.prompt.count, cached: cachedTokens)
            record.note(usage)
            return choices.indices.flatMap { writer.begin($0) }
        case .delta(let index, let text, let tokens, let logprobs):
            usage.grow(choice: index, by: tokens.count)
            let wasOpen = choices[index].finishReason == nil
            let bytes = bytes(index, try await choices[index].append(text, logprobs))
            return bytes + ending(index, wasOpen: wasOpen)
        case .finished(let index, let response):
            if job.failsLate, response.finishReason == .deadline { throw ServiceError.late }
            usage.add(response, choice: index)
            let wasOpen = choices[index].finishReason == nil
            let bytes = bytes(index, try await choices[index].finish(response.finishReason))
            return bytes + ending(index, wasOpen: wasOpen)
        }
    }

    /// The last event of a choice that has just ended; a guard's refusal comes with its own.
    private func ending(_ index: Int, wasOpen: Bool) -> [UInt8] {
        guard wasOpen, let reason = choices[index].finishReason, reason != "content_filter" else { return [] }
        return writer.finish(index, reason)
    }

    private func bytes(_ index: Int, _ update: ChoiceAssembler.Update) -> [UInt8] {
        var result: [UInt8] = []
        var logprobs = update.logprobs
        if update.pieces.isEmpty, !logprobs.isEmpty {
            result = writer.update(index, .content(""), logprobs: logprobs)
        }
        for piece in update.pieces {
            result += writer.update(index, piece, logprobs: logprobs)
            logprobs = []
        }
        if let refusal = update.refusal {
            result += writer.refuse(index, refusal) + writer.finish(index, "content_filter")
        }
        return result
    }

    func usageEvent() -> [UInt8] { job.streaming.includesUsage ? writer.usage(usage) : [] }
}
