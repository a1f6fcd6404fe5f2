/// What a client gets.
package enum ServiceReply: Sendable {
    /// A reply whose body is known.
    case complete(status: Int, headers: [(String, String)], body: [UInt8])
    /// A reply whose body is made while it is read. Header fields do not name a length.
    case stream(status: Int, headers: [(String, String)], body: ReplyBody)

    /// The status line's number.
    package var status: Int {
        switch self {
        case .complete(let status, _, _), .stream(let status, _, _): status
        }
    }

    /// A whole JSON body.
    static func json(_ body: [UInt8]) -> ServiceReply {
        .complete(status: 200, headers: [("content-type", "application/json")], body: body)
    }

    /// Server-sent events, which proxies must not hold back or change.
    static func events(_ body: ReplyBody) -> ServiceReply {
        .stream(
            status: 200,
            headers: [
                ("content-type", "text/event-stream; charset=utf-8"), ("cache-control", "no-cache, no-transform"),
                ("x-accel-buffering", "no"),
            ],
            body: body)
    }
}

/// The body of a stream, pulled piece by piece: nothing is made ahead of the reader but what the engine's short queue
/// holds. To be read once. Dropping it, or cancelling the reading task, ends the work behind it.
package struct ReplyBody: AsyncSequence, Sendable {
    package typealias Element = [UInt8]
    package typealias Failure = Never

    private let makeNext: @Sendable () -> () async -> [UInt8]?

    /// A body whose pieces `makeNext`'s result gives one by one; nil ends it.
    package init(_ makeNext: @escaping @Sendable () -> () async -> [UInt8]?) {
        self.makeNext = makeNext
    }

    /// A body of one piece.
    init(once bytes: [UInt8]) {
        self.init {
            var rest: [UInt8]? = bytes
            return { rest.take() }
        }
    }

    /// The reader.
    package func makeAsyncIterator() -> Iterator { Iterator(pull: makeNext()) }

    /// Reads a ``ReplyBody``.
    package struct Iterator: AsyncIteratorProtocol {
        let pull: () async -> [UInt8]?

        /// The next piece.
        package mutating func next() async -> [UInt8]? { await pull() }

        /// The next piece.
        package mutating func next(isolation actor: isolated (any Actor)?) async -> [UInt8]? { await pull() }
    }
}
