internal import Kite

/// The events of a reply that is streamed. The first one was waited for before the reply says 200.
struct StreamedEvents: Sendable {
    private let reader: EventReader
    private var first: FirstEvent?

    /// Waits for the first event, but no longer than `patience`.
    /// - Throws: What went wrong, when it did so in time.
    init(_ reader: EventReader, patience: Duration) async throws {
        let first = FirstEvent(reader)
        try await first.settle(within: patience)
        self.reader = reader
        self.first = first
    }

    /// The next event; nil when all prompts are done or the task is cancelled.
    /// - Throws: What stopped a prompt.
    mutating func next() async throws -> FirstEvent.Item? {
        guard let first else { return try await reader.next() }
        let item = try await first.value()
        self.first = nil
        return item
    }

    /// Ends the model's work. Not while ``next()`` waits.
    func stop() { reader.stop() }
}
