internal import Kite
internal import ModelFiles

extension ModelService {
    /// `/v1/completions`.
    func complete(_ request: ServiceRequest, _ record: RequestRecord) async throws -> ServiceReply {
        let fields = try RequestFields(body: request.body, maximumDepth: options.maximumDepth)
        let job = try await prepare(CompletionRequest(fields, options: options))
        record.note {
            $0.model = job.lease.name
            $0.isStream = job.streaming.isStream
        }
        for prompt in job.prompts.indices {
            // Plain completions have no place for a refusal: a forbidden prompt is a request that makes no sense.
            if let block = try await guards.review(prompt: job.conversation(prompt)) {
                record.note { $0.finishReasons = ["content_filter"] }
                throw ServiceError.invalid(block.refusal, param: "prompt", code: "content_filter")
            }
        }
        let reader = EventReader(job.requests.map { job.model.generate($0) })
        guard !job.streaming.isStream else {
            let events = try await StreamedEvents(reader, patience: Self.patience)
            return .events(
                ReplyBody(streaming: { [guards] in
                    CompletionStream(job, guards: guards, events: events, record: record)
                }))
        }
        var collector = CompletionCollector(job, guards: guards)
        defer { record.note(collector.usage, finishReasons: collector.endings) }
        while !collector.isComplete, let item = try await reader.next() {
            try await collector.take(item.prompt, item.event)
        }
        try Task.checkCancellation()
        return .json(collector.body())
    }
}
