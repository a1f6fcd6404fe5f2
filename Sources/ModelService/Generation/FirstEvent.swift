internal import Kite
internal import Synchronization

/// The first event of a stream, for which a reply waits a little before it says 200: what goes wrong at the start (a full
/// queue, a prompt that is too long, no memory) then has its own status.
final class FirstEvent: Sendable {
    typealias Item = (prompt: Int, event: GenerationEvent)

    /// nil once the event was handed out, which may be large.
    private let task: Mutex<Task<Item?, any Error>?>

    init(_ reader: EventReader) {
        task = Mutex(Task { try await reader.next() })
    }

    deinit { task.withLock { $0 }?.cancel() }

    /// The event. To be asked for once.
    func value() async throws -> Item? {
        guard let task = task.withLock({ $0.take() }) else { return nil }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    /// Waits until the event is there, but no longer than `patience`.
    /// - Throws: What went wrong, when it did so in time.
    func settle(within patience: Duration) async throws {
        guard let task = task.withLock({ $0 }) else { return }
        let race = Race()
        let isThere = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                race.begin(continuation)
                let limit = Task {
                    do { try await Task.sleep(for: patience) } catch {}
                    race.end(false)
                }
                Task {
                    _ = await task.result
                    race.end(true)
                    limit.cancel()
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
