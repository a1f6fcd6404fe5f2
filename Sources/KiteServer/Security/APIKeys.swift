#if Server
internal import ModelFiles
internal import Synchronization

/// The keys that let clients in. Only their SHA-256 hashes are kept; comparing takes the same time whatever is compared.
public final class APIKeys: Sendable {
    private let digests = Mutex<[[UInt8]]>([])

    /// Keys; none lets everybody in.
    public init(_ keys: [String] = []) { replace(with: keys) }

    /// Whether there are none.
    public var isEmpty: Bool { digests.withLock(\.isEmpty) }

    /// Takes other keys, for requests that come from now on.
    public func replace(with keys: [String]) {
        let hashed = keys.map(Self.digest)
        digests.withLock { $0 = hashed }
    }

    /// Whether `key` is one of the keys.
    public func contains(_ key: String) -> Bool {
        let candidate = Self.digest(key)
        return digests.withLock { Self.isAmong($0, candidate) }
    }

    /// All are compared, whole: the time tells nothing about which is alike, or how much of it.
    private static func isAmong(_ digests: [[UInt8]], _ candidate: [UInt8]) -> Bool {
        var found: UInt8 = 0
        for digest in digests {
            var difference: UInt8 = 0
            for index in 0..<64 { difference |= digest[index] ^ candidate[index] }
            found |= difference == 0 ? 1 : 0
        }
        return found == 1
    }

    /// Whether a request with these header fields (names in small letters) may come in: `Authorization: Bearer KEY` or
    /// `X-Api-Key: KEY`. One look, as keys may be replaced meanwhile.
    /// - Returns: nil where there are no keys.
    func admits(_ headers: [String: String]) -> Bool? {
        let candidate = Self.key(in: headers).map(Self.digest)
        return digests.withLock { digests -> Bool? in
            if digests.isEmpty { return nil }
            return candidate.map { Self.isAmong(digests, $0) } ?? false
        }
    }

    /// The key that a request shows.
    static func key(in headers: [String: String]) -> String? {
        if let field = headers["authorization"] {
            let parts = field.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
            guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
            return shown(parts[1])
        }
        return headers["x-api-key"].flatMap { shown($0[...]) }
    }

    private static func shown(_ field: Substring) -> String? {
        let key = field.trimmed
        return key.isEmpty ? nil : key
    }

    /// The keys in a list with commas between; empty ones are none.
    public static func keys(inList list: String) -> [String] {
        list.split(separator: ",").map(\.trimmed).filter { !$0.isEmpty }
    }

    /// The keys in a file: one a line; empty lines and those that begin with `#` are none.
    public static func keys(inText text: String) -> [String] {
        text.split(whereSeparator: \.isNewline).map { $0.trimmed }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
    }

    /// 64 hexadecimal digits.
    private static func digest(_ key: String) -> [UInt8] { Array(SHA256.hex(Array(key.utf8)).utf8) }
}

extension Substring {
    /// Without blanks at its ends.
    fileprivate var trimmed: String {
        var rest = self
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}
#endif
