/// The events of one ``GenerationRequest``, in order; ends when every choice is finished.
///
/// Dropping the stream, leaving its loop or cancelling the task stops the model within one token or one chunk of the
/// prompt; the stream then just ends. Throws ``GenerationError`` (and the errors of sampling) when the request cannot be
/// answered. For one reader; when it is behind by some dozens of events, its request waits for it.
public struct GenerationStream: AsyncSequence, Sendable {
    private let owner: ChannelOwner

    init(_ channel: EventChannel) { owner = ChannelOwner(channel) }

    /// A reader. Its end is the end of the request.
    public func makeAsyncIterator() -> Iterator { Iterator(owner: ChannelOwner(owner.channel), stream: owner) }

    /// Reads a ``GenerationStream``.
    public struct Iterator: AsyncIteratorProtocol {
        let owner: ChannelOwner
        /// Keeps the stream from ending the request while it is read.
        let stream: ChannelOwner

        /// The next event; nil at the end, also after a cancellation.
        public mutating func next() async throws -> GenerationEvent? { try await owner.channel.next() }
    }
}

/// Ends a request when nobody holds it any more.
final class ChannelOwner: Sendable {
    let channel: EventChannel
    init(_ channel: EventChannel) { self.channel = channel }
    deinit { channel.cancel() }
}
