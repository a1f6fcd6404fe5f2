internal import Kite
internal import Synchronization

/// The first event of a stream, for which a reply waits a little before it says 200: what goes wrong at the start (a full
/// queue, a prompt that is too long, no memory) then has its own status.
final class FirstEvent: Sendable {
    typealias Item = (prompt: Int, event: GenerationEvent)

    private let task: Task<Item?, any Error>

    init(_ reader: EventReader) {
        task = Task { try await reader.next() }
    }

    deinit { task.cancel() }

    /// The event.
    func value() async throws -> Item? {
        try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    /// Waits until the event is there, but no longer than `patience`.
    /// - Throws: What went wrong, when it did so in time.
    func settle(within patience: Duration) async throws {
        let race = Race()
        let isThere = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                race.begin(continuation)
                Task { [task] in
                    _ = await task.result
                    race.end(true)
                }
                Task {
                    do { try await Task.sleep(for: patience) } catch {}
                    race.end(false)
                }
            }
        } onCancel: {
            task.cancel()
        }
        if isThere { _ = try await task.value }
    }

    /// Lets the first of two tasks go on.
    private final class Race: Sendable {
        private let continuation = Mutex<CheckedContinuation<Bool, Never>?>(nil)

        func begin(_ waiting: CheckedContinuation<Bool, Never>) { continuation.withLock { $0 = waiting } }

        func end(_ isThere: Bool) { continuation.withLock { $0.take() }?.resume(returning: isThere) }
    }
}
