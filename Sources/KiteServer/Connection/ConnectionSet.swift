#if Server
internal import Synchronization

/// All connections of a server, so that they can be ended together.
final class ConnectionSet: Sendable {
    private let connections = Mutex<[ObjectIdentifier: Connection]>([:])

    var count: Int { connections.withLock(\.count) }

    func insert(_ connection: Connection) {
        connections.withLock { $0[ObjectIdentifier(connection)] = connection }
    }

    func remove(_ connection: Connection) {
        connections.withLock { $0[ObjectIdentifier(connection)] = nil }
    }

    /// Ends what is under way on every connection.
    func cancelAll() {
        for connection in connections.withLock({ Array($0.values) }) { connection.cancel() }
    }
}
#endif
