internal import ModelFiles

/// What all pieces of a reply have in common.
struct ReplyIdentity: Sendable {
    let id: String
    /// Seconds since 1970.
    let created: Int
    /// The model's name.
    let model: String

    /// A new reply's.
    init(prefix: String, model: String) {
        id = prefix + Identifier.random(24)
        created = Clock.unixSeconds()
        self.model = model
    }

    /// What `system_fingerprint` says. Answers do not depend on how the server is set up (decision 2), so that a seed
    /// means the same as long as this is the same.
    static let fingerprint = "kite-1"

    /// Writes the members of an object that has begun.
    func write(_ object: String, _ writer: inout JSONWriter) {
        writer.member("id", id)
        writer.member("object", object)
        writer.member("created", created)
        writer.member("model", model)
        writer.member("system_fingerprint", Self.fingerprint)
    }
}
