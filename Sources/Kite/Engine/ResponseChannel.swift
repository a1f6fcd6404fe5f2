import Synchronization

/// Carries the pieces of one answer from the engine's thread to the task that reads them.
///
/// Bounded: ``push(_:)`` says when the reader is behind, and the engine then leaves the request alone until
/// `onDrained` is called.
final class ResponseChannel: Sendable {
    struct Piece: Sendable {
        let text: String
        let tokenCount: Int
    }

    private enum Ending: Sendable {
        case response(Response)
        case failure(any Error)
    }

    private struct State: Sendable {
        var pieces: [Piece] = []
        var first = 0
        var ending: Ending?
        var reader: CheckedContinuation<Piece?, any Error>?
        var isCancelled = false
        var isBlocked = false
        var onDrained: (@Sendable () -> Void)?
    }

    private static let capacity = 64
    private let state = Mutex(State())

    /// Called when a full channel has room again or was cancelled: the request goes on.
    func setOnDrained(_ action: @escaping @Sendable () -> Void) {
        state.withLock { $0.onDrained = action }
    }

    /// Whether the reader has gone.
    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// The whole answer, once there is one.
    var response: Response? {
        state.withLock {
            if case .response(let response) = $0.ending { response } else { nil }
        }
    }

    /// Passes on a piece. Returns whether the reader keeps up; if not, `onDrained` will be called.
    func push(_ piece: Piece) -> Bool {
        let (reader, keepsUp) = state.withLock { state -> (CheckedContinuation<Piece?, any Error>?, Bool) in
            if let reader = state.reader {
                state.reader = nil
                return (reader, true)
            }
            state.pieces.append(piece)
            state.isBlocked = state.pieces.count - state.first >= Self.capacity && !state.isCancelled
            return (nil, !state.isBlocked)
        }
        reader?.resume(returning: piece)
        return keepsUp
    }

    /// Ends the stream with the whole answer.
    func finish(_ response: Response) { end(.response(response)) }

    /// Ends the stream with an error.
    func fail(_ error: any Error) { end(.failure(error)) }

    private func end(_ ending: Ending) {
        let reader = state.withLock { state -> CheckedContinuation<Piece?, any Error>? in
            guard state.ending == nil else { return nil }
            state.ending = ending
            state.onDrained = nil
            defer { state.reader = nil }
            return state.reader
        }
        switch ending {
        case .response: reader?.resume(returning: nil)
        case .failure(let error): reader?.resume(throwing: error)
        }
    }

    /// Tells the engine that nobody reads any more.
    func cancel() {
        let wake = state.withLock { state -> (@Sendable () -> Void)? in
            state.isCancelled = true
            guard state.isBlocked else { return nil }
            state.isBlocked = false
            return state.onDrained
        }
        wake?()
    }

    /// The next piece; nil at the end. Waits without holding a thread.
    func next() async throws -> Piece? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                enum Outcome {
                    case wait
                    case piece(Piece, wake: (@Sendable () -> Void)?)
                    case end(Ending)
                }
                let outcome = state.withLock { state -> Outcome in
                    if state.first < state.pieces.count {
                        let piece = state.pieces[state.first]
                        state.first += 1
                        if state.first == state.pieces.count {
                            state.pieces.removeAll(keepingCapacity: true)
                            state.first = 0
                        }
                        let isDrained = state.isBlocked && state.pieces.count - state.first <= Self.capacity / 2
                        if isDrained { state.isBlocked = false }
                        return .piece(piece, wake: isDrained ? state.onDrained : nil)
                    }
                    if let ending = state.ending { return .end(ending) }
                    state.reader = continuation
                    return .wait
                }
                switch outcome {
                case .wait: break
                case .piece(let piece, let wake):
                    continuation.resume(returning: piece)
                    wake?()
                case .end(.response): continuation.resume(returning: nil)
                case .end(.failure(let error)): continuation.resume(throwing: error)
                }
            }
        } onCancel: {
            cancel()
        }
    }
}
