/// What a client asked, without the transport.
package struct ServiceRequest: Sendable {
    /// `GET`, `POST`…, in capitals.
    package var method: String
    /// Path without the query, as it was sent (percent-encoded).
    package var path: String
    /// What follows the `?`, as it was sent; empty when there is none.
    package var query: String
    /// Header fields by name in small letters; of a name that came twice the last value.
    package var headers: [String: String]
    /// The whole body.
    package var body: [UInt8]
    /// Where the client is, for logs and guards.
    package var remoteAddress: String?

    /// A request with the given parts.
    package init(
        method: String, path: String, query: String = "", headers: [String: String] = [:], body: [UInt8] = [],
        remoteAddress: String? = nil
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.remoteAddress = remoteAddress
    }
}
