#if Server
internal import NIOCore
internal import Synchronization

/// A client's connection, as the request that is answered on it sees it.
///
/// When the client leaves, the task that serves the connection is cancelled, and with it whatever the request waits for.
final class Connection: Sendable {
    /// The connection that the current task serves; nil where the app's own server serves it.
    @TaskLocal static var current: Connection?

    private struct State {
        var task: Task<Void, Never>?
        /// The client will send no more. It has most likely gone; some only say that they have asked all they wanted.
        var hasLeft = false
        /// Work is under way that nobody wants when the client has left.
        var isWorking = false
    }

    /// Where the client is.
    let remoteAddress: String?
    private let eventLoop: (any EventLoop)?
    private let state = Mutex(State())

    /// - Parameter eventLoop: What writes to the client; nil for a connection that is not set up yet.
    init(remoteAddress: String? = nil, eventLoop: (any EventLoop)? = nil) {
        self.remoteAddress = remoteAddress
        self.eventLoop = eventLoop
    }

    /// Waits until the event loop has come to what was written so far. Only then is it known whether the client takes
    /// it: until then a writer could go on without bound.
    func catchUp() async {
        do { try await eventLoop?.submit {}.get() } catch {}
    }

    /// The task that serves the connection.
    func serve(in task: Task<Void, Never>) {
        let isUnwanted = state.withLock { state in
            state.task = task
            // The task may have begun to work, and the client have left, before it was known here.
            return state.hasLeft && state.isWorking
        }
        if isUnwanted { task.cancel() }
    }

    /// Work begins that is to end when the client leaves.
    func beginWork() {
        let task = state.withLock { state in
            state.isWorking = true
            return state.hasLeft ? state.task : nil
        }
        task?.cancel()
    }

    /// The work has ended.
    func endWork() {
        state.withLock { $0.isWorking = false }
    }

    /// The client has left.
    func peerLeft() {
        let task = state.withLock { state in
            state.hasLeft = true
            return state.isWorking ? state.task : nil
        }
        task?.cancel()
    }

    /// Ends what is under way.
    func cancel() { state.withLock(\.task)?.cancel() }
}
#endif
