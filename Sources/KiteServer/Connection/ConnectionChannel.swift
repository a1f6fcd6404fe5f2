#if Server
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOHTTPTypes

#if canImport(Glibc)
internal import Glibc
#endif

/// Hummingbird's HTTP/1.1, with a ``ConnectionHandler`` on every connection.
struct ConnectionChannel: ServerChildChannel {
    /// A connection that is set up.
    struct Value: ServerChildChannelValue {
        let http: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>
        let connection: Connection

        var channel: any Channel { http.channel }
    }

    private let http: HTTP1Channel
    private let connections: ConnectionSet
    private let stallTime: Duration

    init(
        responder: @escaping HTTPChannelHandler.Responder, limits: ConnectionLimits, connections: ConnectionSet
    ) {
        http = HTTP1Channel(
            responder: responder,
            configuration: .init(
                additionalChannelHandlers: [ConnectionHandler(limits: limits)],
                idleTimeout: TimeAmount(limits.idleTime),
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: limits.maximumHeaderBytes, maxHeaderListSize: limits.maximumHeaderBytes,
                    maxHeaderFieldCount: limits.maximumHeaderCount)))
        self.connections = connections
        stallTime = limits.stallTime
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        http.setup(channel: channel, logger: logger).flatMapThrowing { http in
            let handler = try channel.pipeline.syncOperations.handler(type: ConnectionHandler.self)
            try channel.pipeline.syncOperations.addHandler(ArrivalHandler(handler), position: .first)
            Self.watchPeer(channel, stallTime: stallTime)
            return Value(http: http, connection: handler.connection)
        }
    }

    func handle(value: Value, logger: Logger) async {
        let task = Task {
            await Connection.$current.withValue(value.connection) {
                await http.handle(value: value.http, logger: logger)
            }
        }
        value.connection.serve(in: task)
        connections.insert(value.connection)
        await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        connections.remove(value.connection)
    }

    /// Has the system find out about peers that vanished without a word: a minute of silence, then three questions; and
    /// no longer than `stallTime` for bytes that nobody acknowledges.
    private static func watchPeer(_ channel: any Channel, stallTime: Duration) {
        guard let options = channel.syncOptions, channel.remoteAddress?.ipAddress != nil else { return }
        try? options.setOption(.socketOption(.so_keepalive), value: 1)
        try? options.setOption(.tcpOption(.tcp_nodelay), value: 1)
        #if os(Linux)
        for (name, value) in [
            (TCP_KEEPIDLE, 60), (TCP_KEEPINTVL, 10), (TCP_KEEPCNT, 3),
            (TCP_USER_TIMEOUT, Int32(clamping: stallTime.components.seconds * 1000)),
        ] {
            try? options.setOption(.tcpOption(.init(rawValue: CInt(name))), value: Int(value))
        }
        #endif
    }
}
#endif
