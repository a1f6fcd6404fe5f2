import Synchronization

/// A Hub on this machine with one repository, `owner/repo`, and a second host that has the contents of large files, as the
/// real one has. What goes wrong is said beforehand.
public final class HubServer: Sendable {
    /// A file of the repository.
    public struct File: Sendable {
        /// Its path there.
        public var name: String
        /// What it holds.
        public var bytes: [UInt8]
        /// Hash that names the contents: of large files SHA-256, of others git's.
        public var tag: String

        /// A file.
        public init(_ name: String, _ bytes: [UInt8], tag: String) {
            (self.name, self.bytes, self.tag) = (name, bytes, tag)
        }

        var isLarge: Bool { tag.utf8.count == 64 }
    }

    /// What goes wrong.
    public struct Trouble: Sendable {
        /// Connections that are cut, and after how many bytes.
        public var cuts = 0
        /// Bytes of an answer before it is cut.
        public var cutsAfter = 1000
        /// Statuses that contents are answered with first.
        public var statuses: [Int] = []
        /// Headers of these.
        public var statusHeaders: [(String, String)] = []
        /// Statuses that questions to the Hub itself are answered with first.
        public var hubStatuses: [(Int, [(String, String)])] = []
        /// Answers with a byte changed.
        public var damaged = 0
        /// Answers that say the address is no longer good.
        public var expired = 0
        /// Whether ranges are ignored.
        public var ignoresRanges = false
    }

    /// The commit of the repository.
    public static let commit = "0123456789abcdef0123456789abcdef01234567"

    private struct State: Sendable {
        var files: [File]
        var trouble = Trouble()
        var requests: [(host: String, request: LoopbackServer.Request)] = []
    }

    private final class Shared: Sendable {
        let state: Mutex<State>
        let contents = Mutex("")
        init(_ files: [File]) { state = Mutex(State(files: files)) }
    }

    private let shared: Shared
    private let hub: LoopbackServer
    private let contents: LoopbackServer

    /// A Hub with these files.
    public init(_ files: [File]) throws {
        let shared = Shared(files)
        self.shared = shared
        contents = try LoopbackServer { request in
            shared.state.withLock { state in
                state.requests.append(("contents", request))
                return Self.contents(request, &state)
            }
        }
        hub = try LoopbackServer { request in
            let contents = shared.contents.withLock { $0 }
            return shared.state.withLock { state in
                state.requests.append(("hub", request))
                return Self.answer(request, &state, contents)
            }
        }
        // Another name for the same machine: another host.
        let address = "http://localhost:\(contents.port)"
        shared.contents.withLock { $0 = address }
    }

    /// What `HF_ENDPOINT` is to be.
    public var endpoint: String { "http://127.0.0.1:\(hub.port)" }

    /// What goes wrong from now on.
    public var trouble: Trouble {
        get { shared.state.withLock { $0.trouble } }
        set { shared.state.withLock { $0.trouble = newValue } }
    }

    /// Everything that was asked of `host`: `hub` or `contents`.
    public func requests(to host: String) -> [LoopbackServer.Request] {
        shared.state.withLock { $0.requests.filter { $0.host == host }.map(\.request) }
    }

    private static func answer(
        _ request: LoopbackServer.Request, _ state: inout State, _ contents: String
    ) -> LoopbackServer.Answer {
        if let (status, headers) = state.trouble.hubStatuses.first {
            state.trouble.hubStatuses.removeFirst()
            return .init(status, headers)
        }
        if request.target.hasPrefix("/api/models/owner/repo/revision/main") {
            let files = state.files.map { file in
                let storage = file.isLarge ? #","lfs":{"sha256":"\#(file.tag)","size":\#(file.bytes.count)}"# : ""
                let blob = file.isLarge ? String(repeating: "0", count: 40) : file.tag
                return #"{"rfilename":"\#(file.name)","size":\#(file.bytes.count),"blobId":"\#(blob)"\#(storage)}"#
            }
            let text = #"{"id":"owner/repo","sha":"\#(commit)","siblings":[\#(files.joined(separator: ","))]}"#
            return .init(200, [("Content-Type", "application/json")], body: Array(text.utf8))
        }
        let cache = "/api/resolve-cache/"
        if request.target.hasPrefix(cache),
            let file = state.files.first(where: { $0.name == request.target.dropFirst(cache.count) })
        {
            return range(of: file.bytes, request, [("ETag", "W/\"\(file.tag)\"")])
        }
        let prefix = "/owner/repo/resolve/\(commit)/"
        guard request.target.hasPrefix(prefix),
            let file = state.files.first(where: { $0.name == request.target.dropFirst(prefix.count) })
        else { return .init(404, [("X-Error-Code", "RepoNotFound")]) }
        // Some small files are served from a cache of the Hub's.
        if file.name.hasPrefix("tokenizer") {
            return .init(307, [("X-Repo-Commit", commit), ("Location", "/api/resolve-cache/\(file.name)")])
        }
        guard file.isLarge else {
            return range(of: file.bytes, request, [("X-Repo-Commit", commit), ("ETag", "\"\(file.tag)\"")])
        }
        return .init(
            302,
            [
                ("X-Repo-Commit", commit), ("X-Linked-Etag", "\"\(file.tag)\""),
                ("X-Linked-Size", "\(file.bytes.count)"), ("Location", "\(contents)/\(file.name)?signature=x"),
            ])
    }

    private static func contents(_ request: LoopbackServer.Request, _ state: inout State) -> LoopbackServer.Answer {
        let name = request.target.dropFirst().prefix { $0 != "?" }
        guard let file = state.files.first(where: { $0.name == name }) else { return .init(404) }
        if let status = state.trouble.statuses.first {
            state.trouble.statuses.removeFirst()
            return .init(status, state.trouble.statusHeaders, body: Array("no".utf8))
        }
        if state.trouble.expired > 0 {
            state.trouble.expired -= 1
            return .init(403, body: Array("expired".utf8))
        }
        var answer =
            state.trouble.ignoresRanges
            ? LoopbackServer.Answer(200, body: file.bytes) : range(of: file.bytes, request, [])
        if state.trouble.damaged > 0, !answer.body.isEmpty {
            state.trouble.damaged -= 1
            answer.body[0] ^= 1
        }
        if state.trouble.cuts > 0, answer.body.count > state.trouble.cutsAfter {
            state.trouble.cuts -= 1
            answer.cutsAfter = state.trouble.cutsAfter
        }
        return answer
    }

    private static func range(
        of bytes: [UInt8], _ request: LoopbackServer.Request, _ headers: [(String, String)]
    ) -> LoopbackServer.Answer {
        guard let range = request.headers["range"], range.hasPrefix("bytes=") else {
            return .init(200, headers, body: bytes)
        }
        let ends = range.dropFirst(6).split(separator: "-").compactMap { Int($0) }
        guard ends.count == 2, ends[0] <= ends[1], ends[0] < bytes.count else { return .init(416) }
        let last = min(ends[1], bytes.count - 1)
        return .init(
            206, headers + [("Content-Range", "bytes \(ends[0])-\(last)/\(bytes.count)")],
            body: Array(bytes[ends[0]...last]))
    }
}
