#if Server
/// Where a server listens, whom it lets in, and what it grants to a connection.
public struct ServerOptions: Sendable {
    /// The address or name to listen on.
    public var host = "127.0.0.1"
    /// Whether only programs of this machine can reach the server.
    public var isLocal: Bool { HostPolicy.isLocal(host) }
    /// The port; 0 takes any that is free.
    public var port = 8080
    /// What stands before every path, such as `/ai`; empty for none.
    public var prefix = ""
    /// Keys that clients must show one of; none lets everybody in.
    public var keys = APIKeys()
    /// Web pages of other origins that may use the server: `https://chat.example.org`, or `*` for all.
    public var allowedOrigins: [String] = []
    /// Whether the chat page is at `/`.
    public var servesPage = true
    /// Whether what clients send is written to the log.
    public var logsPrompts = false
    /// What a connection is granted.
    public var limits = ConnectionLimits()
    /// How long requests may go on after the server was asked to stop.
    public var drainLimit = Duration.seconds(30)

    /// The defaults.
    public init() {}
}

/// What a connection is granted, in bytes and time.
public struct ConnectionLimits: Sendable, Hashable {
    /// Most connections at a time; further ones wait to be accepted.
    public var maximumConnections = 512
    /// Most bytes of a request's body.
    public var maximumBodyBytes = 8 << 20
    /// Most bytes of a request's header fields together.
    public var maximumHeaderBytes = 32 << 10
    /// Most header fields of a request.
    public var maximumHeaderCount = 100
    /// Longest time for a request's head to arrive, from its first byte.
    public var headTime = Duration.seconds(15)
    /// Longest time for a request's body to arrive, from its head.
    public var bodyTime = Duration.seconds(60)
    /// How long a connection without a request is kept.
    public var idleTime = Duration.seconds(75)
    /// How long a client may take nothing of what waits for it.
    public var stallTime = Duration.seconds(60)
    /// After how long a silence a stream of events gets a comment that keeps it alive.
    public var pingTime = Duration.seconds(15)
    /// How long the rest of a refused request is read, so that the client sees the reply.
    public var lingerTime = Duration.seconds(5)

    /// The defaults.
    public init() {}
}
#endif
