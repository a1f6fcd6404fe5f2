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

    private let owner: ChannelOwner

    init(_ channel: EventChannel) { owner = ChannelOwner(channel) }

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
    public func makeAsyncIterator() -> Iterator { Iterator(owner: ChannelOwner(owner.channel), stream: owner) }

    /// Reads a ``ResponseStream``.
    public struct Iterator: AsyncIteratorProtocol {
        let owner: ChannelOwner
        /// Keeps the stream from ending the request while it is read.
        let stream: ChannelOwner
        private var content = ""
        private var tokenCount = 0

        init(owner: ChannelOwner, stream: ChannelOwner) {
            self.owner = owner
            self.stream = stream
        }

        /// The next piece; nil at the end, also after a cancellation.
        public mutating func next() async throws -> Snapshot? {
            while let event = try await owner.channel.next() {
                guard case .delta(_, let text, let tokens, _) = event else { continue }
                content += text
                tokenCount += tokens.count
                return Snapshot(delta: text, content: content, tokenCount: tokenCount)
            }
            return nil
        }
    }
}
