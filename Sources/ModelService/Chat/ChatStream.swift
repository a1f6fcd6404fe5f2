internal import Kite
internal import ModelFiles

/// Writes a chat completion while it is made: each pull gives the events of one step of the model.
struct ChatStream {
    private let job: ChatJob
    private let writer: ChatChunkWriter
    private let record: RequestRecord
    private var reader: EventReader?
    private var first: FirstEvent?
    private var choices: [ChoiceAssembler]
    private var usage = RequestUsage()

    init(_ job: ChatJob, guards: GuardSet, reader: EventReader, first: FirstEvent, record: RequestRecord) {
        self.job = job
        self.record = record
        self.reader = reader
        self.first = first
        writer = ChatChunkWriter(job.identity, includesUsage: job.streaming.includesUsage)
        choices = (0..<job.request.choices).map { _ in
            ChoiceAssembler(guards.guardedText(prompt: job.conversation, continuing: job.continued), parser: job.parser)
        }
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
                let bytes = try await take(item.event)
                // All that is wanted is there, or a guard has stopped everything: the model need not go on.
                if choices.allSatisfy({ $0.finishReason != nil }) { return bytes + (end() ?? []) }
                if !bytes.isEmpty { return bytes }
            }
        } catch {
            return fail(ServiceError(error))
        }
    }

    private mutating func take(_ event: GenerationEvent) async throws -> [UInt8] {
        switch event {
        case .prompt(let cachedTokens, _):
            usage.addPrompt(tokens: job.request.prompt.count, cached: cachedTokens)
            record.note(usage)
            return choices.indices.flatMap { writer.begin($0) }
        case .delta(let index, let text, let tokens, let logprobs):
            let wasOpen = choices[index].finishReason == nil
            let bytes = bytes(index, try await choices[index].append(text, logprobs, tokens: tokens.count))
            return bytes + ending(index, wasOpen: wasOpen)
        case .finished(let index, let response):
            if job.failsLate, response.finishReason == .deadline { throw ServiceError.late }
            usage.add(response)
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

    /// The last events. Nothing after a cancellation, when nobody reads any more.
    private mutating func end() -> [UInt8]? {
        for index in choices.indices { usage.addUnfinished(tokens: choices[index].takeOpenTokens()) }
        close(error: nil)
        guard choices.allSatisfy({ $0.finishReason != nil }) else { return nil }
        return (job.streaming.includesUsage ? writer.usage(usage) : []) + ServerSentEvents.done
    }

    private mutating func fail(_ error: ServiceError) -> [UInt8] {
        close(error: error.message)
        return ServerSentEvents.error(error) + ServerSentEvents.done
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
