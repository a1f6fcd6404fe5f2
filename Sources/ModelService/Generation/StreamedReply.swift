internal import Kite

/// A reply that is written while it is made: each pull gives the bytes of one step of the model.
protocol StreamedReply: SendableMetatype {
    /// What is still to come; nil once the reply has ended.
    var events: StreamedEvents? { get set }
    var record: RequestRecord { get }
    var usage: RequestUsage { get }
    /// Whether no choice can grow any more.
    var isComplete: Bool { get }
    /// Why each choice ended; nil for those that go on.
    var endings: [String?] { get }

    /// The bytes that follow from an event; none when it changes nothing that can be seen.
    mutating func take(_ item: FirstEvent.Item) async throws -> [UInt8]
    /// The usage as an event of its own, where the client wants it.
    func usageEvent() -> [UInt8]
}

extension StreamedReply {
    /// The next bytes; nil at the end.
    mutating func next() async -> [UInt8]? {
        guard events != nil else { return nil }
        do {
            while true {
                guard let item = try await events?.next() else { return end() }
                let bytes = try await take(item)
                // All that is wanted is there, or a guard has stopped everything: the model need not go on.
                if isComplete { return bytes + (end() ?? []) }
                if !bytes.isEmpty { return bytes }
            }
        } catch {
            let error = ServiceError(error)
            close(error: error.message)
            return ServerSentEvents.error(error) + ServerSentEvents.done
        }
    }

    /// The last events. Nothing after a cancellation, when nobody reads any more.
    private mutating func end() -> [UInt8]? {
        close(error: nil)
        guard isComplete else { return nil }
        return usageEvent() + ServerSentEvents.done
    }

    private mutating func close(error: String?) {
        events?.stop()
        events = nil
        tell(error: error)
    }

    private func tell(error: String?) {
        record.note(usage, finishReasons: endings, error: error)
        record.finish()
    }

    /// Nobody reads any more. The work ends with those who hold it, as an event may still be waited for.
    fileprivate func drop() {
        if events != nil { tell(error: nil) }
    }
}

extension ReplyBody {
    /// A body that `make`'s reply writes. A reply that is dropped before its end counts as cut off.
    init<Reply: StreamedReply>(streaming make: @escaping @Sendable () -> Reply) {
        self.init {
            let reply = OpenReply(make())
            return { await reply.next() }
        }
    }
}

/// A reply that is being read. Its record is told when the reader goes.
private final class OpenReply<Reply: StreamedReply> {
    private var reply: Reply

    init(_ reply: Reply) { self.reply = reply }

    deinit { reply.drop() }

    func next() async -> [UInt8]? { await reply.next() }
}
