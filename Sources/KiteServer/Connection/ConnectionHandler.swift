#if Server
internal import HTTPTypes
internal import NIOCore
internal import NIOHTTPTypes

/// Watches over one connection: how long requests take to arrive, whether the client takes what waits for it, whether it
/// is still there. Lives on the connection's event loop.
final class ConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    let limits: ConnectionLimits
    /// There from when the handler is part of a connection.
    private(set) var connection = Connection()
    private var context: ChannelHandlerContext?
    /// Requests whose head has arrived and whose reply has not ended.
    private var unanswered = 0
    /// Whether the body of the last request is still arriving.
    private var isBodyArriving = false
    /// Whether the client wants the connection to end with the reply to its last request.
    private var closesAfterLast = false
    /// Whether the connection ends with the reply that is under way.
    private var closesAfterReply = false
    /// Whether the reply is said and what still arrives is thrown away.
    private var isLingering = false
    private var arrival: Scheduled<Void>?
    private var stall: Scheduled<Void>?
    private var linger: Scheduled<Void>?
    private var ping: Scheduled<Void>?
    private var lastWrite = NIODeadline.now()

    init(limits: ConnectionLimits) { self.limits = limits }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        connection = Connection(
            remoteAddress: context.channel.remoteAddress.flatMap { $0.ipAddress ?? $0.pathname },
            eventLoop: context.eventLoop)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        for timer in [arrival, stall, linger, ping] { timer?.cancel() }
    }

    // MARK: What arrives

    /// Bytes have arrived, before anything is made of them.
    func bytesArrived() {
        guard unanswered == 0, arrival == nil, !isLingering else { return }
        awaitArrival(within: limits.headTime)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isLingering else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            unanswered += 1
            isBodyArriving = true
            awaitArrival(within: limits.bodyTime)
            if head.headerFields[values: .connection].contains(where: { $0.lowercased().contains("close") }) {
                closesAfterLast = true
            }
            if unanswered == 1 { invite(head, context) }
        case .body: break
        case .end:
            isBodyArriving = false
            arrival?.cancel()
            arrival = nil
        }
        context.fireChannelRead(data)
    }

    /// Says "100 Continue" to clients that wait for it before they send a body that is not too large.
    private func invite(_ head: HTTPRequest, _ context: ChannelHandlerContext) {
        guard head.headerFields[.expect]?.lowercased() == "100-continue" else { return }
        let length = head.headerFields[.contentLength].flatMap { Int($0) } ?? 0
        guard length <= limits.maximumBodyBytes else { return }
        context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed {
            connection.peerLeft()
            if isLingering { context.close(promise: nil) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        connection.peerLeft()
        context.fireChannelInactive()
    }

    /// Closes the connection unless a request's head or body is there in time. While an earlier request is being answered
    /// the rest may wait in the network, which is not the client's fault.
    private func awaitArrival(within time: Duration) {
        arrival?.cancel()
        arrival = after(time) { handler, context in
            handler.arrival = nil
            guard handler.unanswered <= 1 else { return handler.awaitArrival(within: time) }
            context.close(promise: nil)
        }
    }

    // MARK: What is sent

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        lastWrite = .now()
        switch unwrapOutboundIn(data) {
        case .head(let head):
            if head.status.kind != .informational {
                if head.headerFields[.connection]?.lowercased() == "close" { closesAfterReply = true }
                if head.headerFields[.contentType]?.hasPrefix("text/event-stream") == true,
                    head.headerFields[.contentEncoding] == nil
                {
                    schedulePing(in: limits.pingTime)
                }
            }
            context.write(data, promise: promise)
        case .body: context.write(data, promise: promise)
        case .end:
            ping?.cancel()
            ping = nil
            unanswered -= 1
            // Requests that were sent along get their replies first.
            let isLast = unanswered == 0 && (closesAfterLast || isBodyArriving)
            guard closesAfterReply || isLast else { return context.write(data, promise: promise) }
            let sent = promise ?? context.eventLoop.makePromise()
            context.writeAndFlush(data, promise: sent)
            beginLingering(context, after: sent.futureResult)
        }
    }

    /// The reply is said. Closing at once could destroy it on its way when the client still sends (a body that was too
    /// large): so only our side is closed, and what arrives is thrown away for a while once all of the reply is `sent`.
    private func beginLingering(_ context: ChannelHandlerContext, after sent: EventLoopFuture<Void>) {
        guard !isLingering else { return }
        isLingering = true
        arrival?.cancel()
        arrival = nil
        context.close(mode: .output, promise: nil)
        sent.assumeIsolated().whenComplete { [self] _ in
            linger = after(limits.lingerTime) { _, context in context.close(promise: nil) }
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stall?.cancel()
        stall = nil
        if !context.channel.isWritable {
            stall = after(limits.stallTime) { _, context in context.close(promise: nil) }
        }
        context.fireChannelWritabilityChanged()
    }

    /// A comment in a silent stream of events: proxies keep the connection, and a client that vanished is noticed.
    private func schedulePing(in time: Duration) {
        ping?.cancel()
        ping = after(time) { handler, context in
            let silence = Duration.nanoseconds((NIODeadline.now() - handler.lastWrite).nanoseconds)
            guard silence >= handler.limits.pingTime else {
                return handler.schedulePing(in: handler.limits.pingTime - silence)
            }
            if context.channel.isWritable {
                handler.lastWrite = .now()
                context.writeAndFlush(
                    handler.wrapOutboundOut(.body(ByteBuffer(string: ": ping\n\n"))), promise: nil)
            }
            handler.schedulePing(in: handler.limits.pingTime)
        }
    }

    /// Runs `body` on the event loop after `time`, if the handler is still part of a connection then.
    private func after(
        _ time: Duration, _ body: @escaping (ConnectionHandler, ChannelHandlerContext) -> Void
    ) -> Scheduled<Void>? {
        guard let context else { return nil }
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        let action = NIOLoopBound(body, eventLoop: context.eventLoop)
        return context.eventLoop.scheduleTask(in: TimeAmount(time)) {
            guard let context = handler.value.context else { return }
            action.value(handler.value, context)
        }
    }
}

/// Tells a ``ConnectionHandler`` of bytes as they come from the network.
final class ArrivalHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let handler: ConnectionHandler

    init(_ handler: ConnectionHandler) { self.handler = handler }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        handler.bytesArrived()
        context.fireChannelRead(data)
    }
}
#endif
