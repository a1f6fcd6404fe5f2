internal import Kite

/// A reply that is written while it is made: each pull gives the bytes of one step of the model.
protocol StreamedReply {
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
    /// Adds to the usage what no event has told. Called once, after the last event.
    mutating func completeUsage()
    /// The usage as an event of its own, where the client wants it.
    func usageEvent() -> [UInt8]
}

extension StreamedReply {
    mutating func completeUsage() {}

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
        completeUsage()
        close(error: nil)
        guard isComplete else { return nil }
        return usageEvent() + ServerSentEvents.done
    }

    private mutating func close(error: String?) {
        events?.stop()
        events = nil
        record.note(usage, finishReasons: endings, error: error)
        record.finish()
    }
}
