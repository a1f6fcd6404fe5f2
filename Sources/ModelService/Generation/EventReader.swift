internal import Kite
internal import Synchronization

/// The events of all prompts of a request, each with the number of its prompt, in the order in which they happen.
///
/// One prompt is read directly. Several are read by a task each, through a queue of a few dozen events, so that a slow
/// reader holds back the model rather than filling memory.
final class EventReader: @unchecked Sendable {
    // Unchecked: `iterator` is used by one reader at a time, which awaits every event before it asks for the next.
    private var iterator: GenerationStream.Iterator?
    private let queue: EventQueue?
    private let tasks: [Task<Void, Never>]

    init(_ streams: [GenerationStream]) {
        if streams.count == 1 {
            iterator = streams[0].makeAsyncIterator()
            queue = nil
            tasks = []
        } else {
            let queue = EventQueue(producers: streams.count)
            self.queue = queue
            tasks = streams.enumerated().map { index, stream in
                Task {
                    do {
                        for try await event in stream { guard await queue.push((index, event)) else { break } }
                        queue.end(nil)
                    } catch {
                        queue.end(error)
                    }
                }
            }
        }
    }

    deinit { cancel() }

    /// Ends the model's work; nothing comes any more. Not while ``next()`` waits.
    func stop() {
        iterator = nil
        cancel()
    }

    /// The next event; nil when all prompts are done or the task is cancelled.
    /// - Throws: What stopped a prompt.
    func next() async throws -> (prompt: Int, event: GenerationEvent)? {
        guard let queue else { return try await iterator?.next().map { (0, $0) } }
        return try await withTaskCancellationHandler {
            try await queue.pop()
        } onCancel: {
            cancel()
        }
    }

    private func cancel() {
        for task in tasks { task.cancel() }
        queue?.close()
    }
}

/// A bounded queue between the tasks that read prompts and the one that writes the reply.
private final class EventQueue: Sendable {
    typealias Item = (prompt: Int, event: GenerationEvent)

    private struct State {
        var items: [Item] = []
        var producers: Int
        var error: (any Error)?
        var isClosed = false
        var reader: CheckedContinuation<Void, Never>?
        var writers: [CheckedContinuation<Void, Never>] = []
    }

    private static let capacity = 32
    private let state: Mutex<State>

    init(producers: Int) { state = Mutex(State(producers: producers)) }

    /// Adds an item when there is room; false when nobody wants it any more.
    func push(_ item: Item) async -> Bool {
        while true {
            let added: Bool? = state.withLock { state in
                if state.isClosed { return false }
                guard state.items.count < Self.capacity else { return nil }
                state.items.append(item)
                state.reader.take()?.resume()
                return true
            }
            if let added { return added }
            await withCheckedContinuation { continuation in
                state.withLock { state in
                    if state.isClosed || state.items.count < Self.capacity {
                        continuation.resume()
                    } else {
                        state.writers.append(continuation)
                    }
                }
            }
        }
    }

    /// A producer is done. The first failure ends it all.
    func end(_ error: (any Error)?) {
        state.withLock { state in
            state.producers -= 1
            if let error, state.error == nil { state.error = error }
            state.reader.take()?.resume()
        }
    }

    /// Nobody reads any more.
    func close() {
        state.withLock { state in
            state.isClosed = true
            state.reader.take()?.resume()
            for writer in state.writers { writer.resume() }
            state.writers = []
        }
    }

    /// The next item.
    func pop() async throws -> Item? {
        while true {
            enum Step {
                case item(Item)
                case end((any Error)?)
                case wait
            }
            let step: Step = state.withLock { state in
                if state.isClosed { return .end(nil) }
                if let error = state.error { return .end(error) }
                if !state.items.isEmpty {
                    // One has room now.
                    if !state.writers.isEmpty { state.writers.removeFirst().resume() }
                    return .item(state.items.removeFirst())
                }
                return state.producers == 0 ? .end(nil) : .wait
            }
            switch step {
            case .item(let item): return item
            case .end(let error):
                if let error { throw error }
                return nil
            case .wait:
                await withCheckedContinuation { continuation in
                    state.withLock { state in
                        let isReady =
                            state.isClosed || state.error != nil || !state.items.isEmpty || state.producers == 0
                        if isReady { continuation.resume() } else { state.reader = continuation }
                    }
                }
            }
        }
    }
}
