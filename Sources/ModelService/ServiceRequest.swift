/// What a client asked, without the transport.
package struct ServiceRequest: Sendable {
    /// `GET`, `POST`.
    package var method: String
    /// Path without the query.
    package var path: String
}
