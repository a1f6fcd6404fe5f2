internal import Kite
internal import ModelFiles

extension ModelService {
    /// How long a stream waits for its first event before it says 200.
    static let patience = Duration.seconds(1)

    /// `/v1/chat/completions`.
    func chat(_ request: ServiceRequest, _ record: RequestRecord) async throws -> ServiceReply {
        let fields = try RequestFields(body: request.body, maximumDepth: options.maximumDepth)
        let job = try await prepare(ChatRequest(fields, options: options))
        record.note {
            $0.model = job.lease.name
            $0.isStream = job.streaming.isStream
        }
        if let block = try await guards.review(prompt: job.conversation) { return blocked(block, job, record) }
        let reader = EventReader([job.lease.model.generate(job.request)])
        guard !job.streaming.isStream else {
            let events = try await StreamedEvents(reader, patience: Self.patience)
            return .events(
                ReplyBody(streaming: { [guards] in
                    ChatStream(job, guards: guards, events: events, record: record)
                }))
        }
        var collector = ChatCollector(job, guards: guards)
        defer { record.note(collector.usage, finishReasons: collector.endings) }
        while !collector.isComplete, let item = try await reader.next() { try await collector.take(item.event) }
        try Task.checkCancellation()
        return .json(collector.body())
    }

    /// A refusal in the place of every answer.
    private func blocked(_ block: GuardBlock, _ job: ChatJob, _ record: RequestRecord) -> ServiceReply {
        let count = job.request.choices
        record.note { $0.finishReasons = Array(repeating: "content_filter", count: count) }
        if job.streaming.isStream {
            let chunks = ChatChunkWriter(job.identity, includesUsage: job.streaming.includesUsage)
            var bytes: [UInt8] = []
            for choice in 0..<count {
                bytes += chunks.begin(choice) + chunks.refuse(choice, block.refusal)
                bytes += chunks.finish(choice, "content_filter")
            }
            if job.streaming.includesUsage { bytes += chunks.usage(RequestUsage()) }
            return .events(ReplyBody(once: bytes + ServerSentEvents.done))
        }
        var writer = JSONWriter()
        writer.beginObject()
        job.identity.write("chat.completion", &writer)
        writer.key("choices")
        writer.beginArray()
        for choice in 0..<count {
            writer.beginObject()
            writer.member("index", choice)
            writer.key("message")
            writer.beginObject()
            writer.member("role", "assistant")
            writer.member("content", nil)
            writer.member("refusal", block.refusal)
            writer.endObject()
            writer.key("logprobs")
            writer.null()
            writer.member("finish_reason", "content_filter")
            writer.endObject()
        }
        writer.endArray()
        RequestUsage().writeUsage(&writer)
        writer.endObject()
        return .json(writer.bytes)
    }
}
