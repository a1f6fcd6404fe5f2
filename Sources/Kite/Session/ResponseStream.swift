/// An answer as it is made, piece by piece.
///
/// ```swift
/// for try await snapshot in session.streamResponse(to: "Hello") { print(snapshot.delta, terminator: "") }
/// ```
///
/// Leaving the loop, cancelling the task or dropping the stream stops the model within one token or one chunk of the
/// prompt. The stream is for one reader: a second iterator gets only what the first has not taken. At most a few dozen
/// pieces wait for a slow reader, then the model waits too.
public struct ResponseStream: AsyncSequence, Sendable {
    /// What is new, and what there is in all.
    public struct Snapshot: Sendable {
        /// The text that came with this step: whole characters, not empty except with the last piece.
        public let delta: String
        /// The whole answer so far.
        public let content: String
        /// Tokens made so far.
        public let tokenCount: Int
    }

    private let owner: Owner

    init(_ channel: ResponseChannel) {
        owner = Owner(channel)
    }

    /// The finished answer; nil while it is being made or when it failed.
    public var response: Response? { owner.channel.response }

    /// Reads to the end.
    /// - Returns: The whole answer.
    /// - Throws: What stopped the request; `CancellationError` when the task was cancelled.
    public func collect() async throws -> Response {
        for try await _ in self {}
        guard let response, response.finishReason != .cancelled else { throw CancellationError() }
        return response
    }

    /// A reader. Its end is the end of the request.
    public func makeAsyncIterator() -> Iterator { Iterator(owner: Owner(owner.channel), stream: owner) }

    /// Reads a ``ResponseStream``.
    public struct Iterator: AsyncIteratorProtocol {
        let owner: Owner
        /// Keeps the stream from ending the request while it is read.
        let stream: Owner
        private var content = ""

        init(owner: Owner, stream: Owner) {
            self.owner = owner
            self.stream = stream
        }

        /// The next piece; nil at the end, also after a cancellation.
        public mutating func next() async throws -> Snapshot? {
            guard let piece = try await owner.channel.next() else { return nil }
            content += piece.text
            return Snapshot(delta: piece.text, content: content, tokenCount: piece.tokenCount)
        }
    }

    /// Ends the request when nobody holds it any more.
    final class Owner: Sendable {
        let channel: ResponseChannel
        init(_ channel: ResponseChannel) { self.channel = channel }
        deinit { channel.cancel() }
    }
}
