#if Server
/// Which web pages may use the server (CORS).
///
/// A browser asks before it sends most requests of a page to another origin, but not all: a plain form can make it POST
/// to a server on the user's own machine. So requests of other origins that are not allowed are refused outright, not only
/// hidden from the page.
struct OriginPolicy: Sendable {
    private let allowed: Set<String>
    private let allowsAll: Bool

    init(_ origins: [String]) {
        allowsAll = origins.contains("*")
        allowed = Set(origins.map(Self.normal))
    }

    /// What the policy says of a request.
    enum Verdict: Equatable {
        /// No page of another origin has sent it.
        case own
        /// A page that may: the fields that tell the browser so.
        case allowed(origin: String)
        /// A page that may not.
        case foreign(origin: String)
    }

    /// Judges a request by its header fields (names in small letters).
    func judge(_ headers: [String: String]) -> Verdict {
        guard let origin = headers["origin"] else {
            // A picture or a script of another site's page asks without an origin, but browsers say so.
            return headers["sec-fetch-site"] == "cross-site" && !allowsAll ? .foreign(origin: "another site") : .own
        }
        if allowsAll || allowed.contains(Self.normal(origin)) { return .allowed(origin: origin) }
        // A page of this very server: the origin's host and port are those that the request went to.
        if let host = headers["host"], let start = origin.range(of: "://"),
            origin[start.upperBound...].lowercased() == host.lowercased()
        {
            return .own
        }
        return .foreign(origin: origin)
    }

    /// Header fields for a page that may read the reply.
    func fields(for origin: String) -> [(String, String)] {
        [
            ("access-control-allow-origin", allowsAll ? "*" : origin), ("vary", "Origin"),
            ("access-control-expose-headers", "Retry-After, X-Request-Id"),
        ]
    }

    /// Header fields that answer a browser's question before the request.
    func preflightFields(for origin: String, asking headers: [String: String]) -> [(String, String)] {
        var fields = [
            ("access-control-allow-origin", allowsAll ? "*" : origin),
            ("vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"),
            ("access-control-allow-methods", "GET, HEAD, POST, OPTIONS"), ("access-control-max-age", "86400"),
        ]
        // Clients add fields of their own (`x-stainless-…`); the list says what was asked for, as the keys protect anyway.
        let wanted = headers["access-control-request-headers"] ?? "Authorization, Content-Type, X-Api-Key"
        fields.append(("access-control-allow-headers", String(wanted.prefix(1024))))
        return fields
    }

    /// Schemes and hosts know no capitals; a `/` at the end is not part of an origin.
    private static func normal(_ origin: String) -> String {
        let origin = origin.lowercased()
        return origin.hasSuffix("/") ? String(origin.dropLast()) : origin
    }
}

extension String {
    /// Where `text` is, the first time.
    fileprivate func range(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
#endif
