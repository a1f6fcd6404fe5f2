/// The events of one ``GenerationRequest``, in order; ends when every choice is finished.
///
/// Dropping the stream, leaving its loop or cancelling the task stops the model within one token or one chunk of the
/// prompt; the stream then just ends. Throws ``GenerationError`` (and the errors of sampling) when the request cannot be
/// answered. For one reader.
public struct GenerationStream: AsyncSequence, Sendable {
    private let stream: AsyncThrowingStream<GenerationEvent, any Error>

    init(_ stream: AsyncThrowingStream<GenerationEvent, any Error>) { self.stream = stream }

    /// A reader. Its end is the end of the request.
    public func makeAsyncIterator() -> Iterator { Iterator(iterator: stream.makeAsyncIterator()) }

    /// Reads a ``GenerationStream``.
    public struct Iterator: AsyncIteratorProtocol {
        var iterator: AsyncThrowingStream<GenerationEvent, any Error>.Iterator

        /// The next event; nil at the end, also after a cancellation.
        public mutating func next() async throws -> GenerationEvent? {
            try await iterator.next(isolation: #isolation)
        }
    }
}
