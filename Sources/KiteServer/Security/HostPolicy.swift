#if Server
/// Which names a server goes by that only programs of its own machine can reach.
///
/// A page of `evil.example` whose name suddenly means 127.0.0.1 (DNS rebinding) is of the server's own origin for the
/// browser: only the name that it asked for gives it away. With keys the page has none; with a public address the name
/// is the administrator's business.
struct HostPolicy: Sendable {
    private let names: Set<String>
    private let isStrict: Bool

    init(host: String, allowedOrigins: [String]) {
        isStrict = Self.isLocal(host) && !allowedOrigins.contains("*")
        names = Set([host.lowercased()] + allowedOrigins.compactMap { $0.split(separator: "/").last.map(Self.name) })
    }

    /// Whether a request for `host` (a `Host` field, port included) is meant for this server.
    func admits(_ host: String?) -> Bool {
        guard isStrict, let host, !host.isEmpty else { return true }
        let name = Self.name(of: host[...])
        return name == "localhost" || name.hasSuffix(".localhost") || Self.isAddress(name) || names.contains(name)
    }

    /// Whether only programs of this machine can reach a server that listens on `host`.
    static func isLocal(_ host: String) -> Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

    /// The name without its port, in small letters; an IPv6 address keeps its brackets.
    private static func name(of host: Substring) -> String {
        let name = host.hasPrefix("[") ? host.prefix { $0 != "]" } + "]" : host.prefix { $0 != ":" }
        return name.lowercased()
    }

    /// An IP address: what nobody can point elsewhere.
    private static func isAddress(_ name: String) -> Bool {
        if name.hasPrefix("[") { return true }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }
}
#endif
