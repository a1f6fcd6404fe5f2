/// The members of a JSON object, in the order of the text, each key once.
public struct JSONObject: Sendable, Equatable {
    /// One member.
    public struct Member: Sendable, Equatable {
        /// Its name.
        public var key: String
        /// Its value.
        public var value: JSONValue
    }

    /// All members, in order.
    public private(set) var members: [Member] = []
    /// Where each key is. Kept only for objects of more than a few members: a short scan is faster than a hash.
    private var index: [String: Int] = [:]
    private static let scanLimit = 12

    /// An object without members.
    public init() {}

    /// Number of members.
    public var count: Int { members.count }

    /// The value under `key`; nil when there is none. Assigning nil removes the member, assigning to a new key appends.
    public subscript(key: String) -> JSONValue? {
        get { position(of: key).map { members[$0].value } }
        set {
            switch (position(of: key), newValue) {
            case (let position?, let value?): members[position].value = value
            case (nil, let value?): append(key, value)
            case (let position?, nil):
                members.remove(at: position)
                index = [:]
                if members.count > Self.scanLimit { buildIndex() }
            case (nil, nil): break
            }
        }
    }

    /// Appends a member; false, and nothing appended, when the key is there already.
    @discardableResult
    mutating func appendIfNew(_ key: String, _ value: JSONValue) -> Bool {
        guard position(of: key) == nil else { return false }
        append(key, value)
        return true
    }

    private mutating func append(_ key: String, _ value: JSONValue) {
        members.append(Member(key: key, value: value))
        if members.count == Self.scanLimit + 1 {
            buildIndex()
        } else if members.count > Self.scanLimit {
            index[key] = members.count - 1
        }
    }

    private mutating func buildIndex() {
        for (position, member) in members.enumerated() { index[member.key] = position }
    }

    private func position(of key: String) -> Int? {
        members.count > Self.scanLimit ? index[key] : members.firstIndex { $0.key == key }
    }

    /// Equal when the same keys have equal values in the same order.
    public static func == (left: JSONObject, right: JSONObject) -> Bool { left.members == right.members }
}
